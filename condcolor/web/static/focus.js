// The keyboard's focus: where the element in focus goes away, or can be pressed no more, what is nearest to it has it.

const FOCUSABLE = "a[href], button, input, select, summary, textarea, [tabindex]";

let last = null; // { element, around }: what has the focus, and the elements that it lies in, innermost first

const isThere = (element) => element.isConnected && !element.disabled && element.checkVisibility({ visibilityProperty: true });
const canHave = (element) => element.tabIndex >= 0 && isThere(element);

function ancestors(element) {
  const around = [];
  for (let each = element.parentElement; each; each = each.parentElement) around.push(each);
  return around;
}

// Give the focus to what is nearest to an element among what lies around it.
function moveOn({ element, around }) {
  for (const place of around) {
    if (!place.isConnected || !place.checkVisibility()) continue;
    const near = [...place.querySelectorAll(FOCUSABLE)].filter(canHave);
    if (!near.length) continue;
    const after = near.find((each) => element.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING);
    return (element.isConnected && after ? after : near.at(element.isConnected ? -1 : 0)).focus({ preventScroll: true });
  }
}

function check() {
  const active = document.activeElement ?? document.body;
  if (!last || isThere(active === document.body ? last.element : active)) return;
  moveOn(last);
}

export function keepFocus() {
  document.addEventListener("focusin", ({ target }) => (last = { element: target, around: ancestors(target) }));
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest(`${FOCUSABLE}, label`)) last = null; // it is left on purpose
  });
  const watcher = new MutationObserver(check);
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "disabled", "open", "class"] });
}
