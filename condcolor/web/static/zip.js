// A zip of files that are compressed already: stored as they are.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const MOST = 2 ** 32 - 1; // bytes: zip64 is not written
const UTF8 = 0x800; // flag: names are UTF-8
const VERSION = 20; // of the format that a reader has to know

function crc32(bytes) {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

// The bytes of numbers, each [value, bytes], little-endian.
function packed(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return view.buffer;
}

// The time as MS-DOS has it: [time, date].
function dosTime(now) {
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  return [time, ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate()];
}

// A zip of files, [name, Blob], as a Blob.
export async function zipped(files, now = new Date()) {
  const [time, date] = dosTime(now), body = [], directory = [];
  let offset = 0, length = 0;
  for (const [name, blob] of files) {
    const title = new TextEncoder().encode(name);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const common = [[VERSION, 2], [UTF8, 2], [0, 2], [time, 2], [date, 2], [crc, 4], [blob.size, 4], [blob.size, 4], [title.length, 2], [0, 2]];
    const entry = packed([0x02014b50, 4], [VERSION, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]);
    body.push(packed([0x04034b50, 4], ...common), title, blob);
    directory.push(entry, title);
    offset += 30 + title.length + blob.size;
    length += entry.byteLength + title.length;
    if (offset + length > MOST) throw new Error("more than 4 GB do not fit into a zip: colour them by condcolor colorize");
  }
  const count = [files.length, 2];
  const end = packed([0x06054b50, 4], [0, 2], [0, 2], count, count, [length, 4], [offset, 4], [0, 2]);
  return new Blob([...body, ...directory, end], { type: "application/zip" });
}
