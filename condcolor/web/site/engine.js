// The thread that computes (worker.js), asked by name.

const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map(); // id -> {resolve, reject}
let last = 0, broken = "";

/** Ask the worker; the promise fails with a sentence for people. */
export function ask(name, given = {}) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    if (broken) return reject(new Error(broken));
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, ask: name, ...given });
  });
}

worker.onmessage = ({ data: { id, answer, problem } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (problem) reject(new Error(problem));
  else resolve(answer);
};

worker.onerror = () => {
  broken = "A file of this page is missing or damaged: put the whole exported folder on the server, then load the page again.";
  for (const { reject } of waiting.values()) reject(new Error(broken));
  waiting.clear();
};
