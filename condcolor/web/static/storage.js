// The pictures stay in this browser's own storage, with corrections and hints, so that a reload brings them back.

import { onOpen } from "./open.js";
import { onChange } from "./picture.js";
import { send } from "./server.js";
import { pictureOf, state } from "./state.js";
import { onTray } from "./tray.js";

const NAME = "condcolor", FILES = "files", TRAY = "tray"; // the database and its stores
const SETTLED = 400; // ms without a change, after which it is written

let opened = null; // promise of the database; null where the browser has none
let keys = 0; // counts files kept
let settling;

function database() {
  opened ??= new Promise((done, fail) => {
    const asked = window.indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => [FILES, TRAY].forEach((store) => asked.result.createObjectStore(store));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  return opened;
}

const result = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

const finished = (work) => new Promise((done, fail) => {
  work.oncomplete = done;
  work.onabort = work.onerror = () => fail(work.error);
});

// The pictures that were there, and the place of the one that was open; none where the browser keeps nothing.
export async function readTray() {
  try {
    const store = (await database()).transaction([FILES, TRAY]);
    const kept = await result(store.objectStore(TRAY).get(TRAY));
    if (!kept) return { pictures: [], at: 0 };
    const files = await Promise.all(kept.pictures.map(({ key }) => result(store.objectStore(FILES).get(key))));
    const pictures = kept.pictures.flatMap((told, i) => {
      const file = files[i];
      return file ? [Object.assign(pictureOf({ ...told, file, send: () => send(file) }), { key: told.key })] : [];
    });
    return { pictures, at: kept.at };
  } catch {
    return { pictures: [], at: 0 }; // a private window may have none
  }
}

async function write() {
  const pictures = state.tray.filter(({ file }) => file);
  for (const picture of pictures) picture.key ??= `${Date.now()} ${keys++}`;
  try {
    const work = (await database()).transaction([FILES, TRAY], "readwrite");
    const files = work.objectStore(FILES), known = await result(files.getAllKeys());
    for (const key of known) if (!pictures.some((picture) => picture.key === key)) files.delete(key);
    for (const { key, file } of pictures) if (!known.includes(key)) files.put(file, key);
    const told = pictures.map(({ key, name, corrections, hints, recolor, own }) => ({ key, name, corrections, hints, recolor, own }));
    work.objectStore(TRAY).put({ pictures: structuredClone(told), at: Math.max(0, pictures.indexOf(state.picture)) }, TRAY);
    await finished(work);
  } catch {
    // a full disk or a private window: the page works, a reload does not bring them back
  }
}

function settle() {
  window.clearTimeout(settling);
  settling = window.setTimeout(write, SETTLED);
}

export function keepTray() {
  onTray(settle);
  onOpen(settle);
  onChange(settle);
}
