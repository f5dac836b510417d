// Colours of one's own: the last ones that were chosen, and a palette with names, as palette.json has it.
// Both are kept in this browser.

const RECENT = "condcolor.recent", PALETTE = "condcolor.palette"; // in localStorage
const MOST = 10; // recent colours
const MOST_BYTES = 2 ** 20; // of a palette's file, as condcolor itself has it
const MEANT = ["none", "keep"]; // names that have a meaning already

let recent = read(RECENT, []);
let palette = read(PALETTE, {}); // name -> "#rrggbb", or attribute -> such an object
const listeners = []; // called when they have changed

export function onOwnColors(listener) {
  listeners.push(listener);
}

function read(key, otherwise) {
  try {
    return JSON.parse(window.localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise; // storage may be off, or hold anything
  }
}

function write(key, value) {
  try {
    window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // then they last as long as the page
  }
  for (const listener of listeners) listener();
}

export const recentColors = () => recent;

export function rememberColor(hex) {
  recent = [hex, ...recent.filter((each) => each !== hex)].slice(0, MOST);
  write(RECENT, recent);
}

// The names of the palette for an attribute, [name, "#rrggbb"]; its own come first.
export function namedColors(attribute) {
  const own = palette[attribute];
  const all = Object.entries(palette).filter(([, value]) => typeof value === "string");
  const first = own && typeof own === "object" ? Object.entries(own) : [];
  return [...first, ...all.filter(([name]) => !first.some(([taken]) => taken === name))];
}

// The colour of a name for an attribute; undefined where the palette has none.
export function namedColor(attribute, name) {
  const wanted = name.trim().toLowerCase();
  return namedColors(attribute).find(([each]) => each.toLowerCase() === wanted)?.[1];
}

// Give a colour a name for all attributes; returns what is wrong with the name, or "".
export function nameColor(name, hex) {
  const fault = faultOf(name);
  if (!fault) setPalette({ ...palette, [name]: hex });
  return fault;
}

export function forgetName(attribute, name) {
  const { [name]: gone, ...left } = palette;
  const own = palette[attribute];
  if (own && typeof own === "object" && name in own) {
    const { [name]: taken, ...rest } = own;
    return setPalette({ ...palette, [attribute]: rest });
  }
  setPalette(left);
}

function setPalette(next) {
  palette = next;
  write(PALETTE, palette);
}

// The palette as the content of palette.json.
export const encodedPalette = () => `${JSON.stringify(palette, null, 2)}\n`;

// Have the names of a file's content besides those there are. Returns how many; throws an Error with what is wrong.
export function addPalette(text) {
  const example = 'write {"crimson": "#b01030"}';
  if (text.length > MOST_BYTES) throw new Error("over 1 MB, too large for a palette");
  let entries;
  try {
    entries = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON (${error.message}): ${example}`, { cause: error });
  }
  if (!isObject(entries)) throw new Error(`no object of names and colours: ${example}`);
  const faults = [];
  const taken = (own, before = "") =>
    Object.fromEntries(Object.entries(own).map(([name, value]) => {
      if (isObject(value) && !before) return [name, taken(value, `${name}: `)];
      const hex = typeof value === "string" && hexOf(value);
      if (!hex) faults.push(`${before}'${name}' has no colour but ${JSON.stringify(value)}: write one as #rrggbb`);
      const fault = faultOf(name);
      if (fault) faults.push(before + fault);
      return [name, hex];
    }));
  const fresh = taken(entries);
  if (faults.length) throw new Error(faults.join("\n"));
  const merged = { ...palette };
  for (const [name, value] of Object.entries(fresh)) {
    merged[name] = isObject(value) && isObject(merged[name]) ? { ...merged[name], ...value } : value;
  }
  setPalette(merged);
  return Object.values(fresh).reduce((sum, value) => sum + (isObject(value) ? Object.keys(value).length : 1), 0);
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function faultOf(name) {
  if (!name.trim()) return "a colour needs a name";
  if (MEANT.includes(name.toLowerCase())) return `the name '${name}' has a meaning already; take another`;
  if (/[,:()]|^#/.test(name)) return `the name '${name}' may not hold , : ( ) nor start with #, which say colours and mixes`;
  return "";
}

// A colour as "#rrggbb"; "" where CSS has none of that kind.
export function hexOf(text) {
  if (!CSS.supports("color", text)) return "";
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text;
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? context.fillStyle : "";
}
