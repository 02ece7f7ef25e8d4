"use strict";
/* Unpacks the page: its scripts and what they are told lie deflated in `#packed`, in base64. A
 * script that is put in by its text runs at once, and its hash stands in the page's policy. */

function inflated(bytes, size) {
  const out = new Uint8Array(size);
  let at = 0, end = 0, bits = 0, held = 0;
  const take = (count) => {
    while (held < count) {
      bits |= bytes[at++] << held;
      held += 8;
    }
    const value = bits & ((1 << count) - 1);
    bits >>>= count;
    held -= count;
    return value;
  };
  const tree = (lengths) => { // counts of each length, and the symbols in order
    const counts = new Uint16Array(16), symbols = [];
    for (const length of lengths) counts[length] += 1;
    counts[0] = 0;
    for (let length = 1; length < 16; length++) lengths.forEach((l, symbol) => l === length && symbols.push(symbol));
    return { counts, symbols };
  };
  const symbol = ({ counts, symbols }) => {
    for (let length = 1, code = 0, first = 0, index = 0; ; length++) {
      code |= take(1);
      const count = counts[length];
      if (code - count < first) return symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
  };
  const copy = (literals, distances) => {
    for (;;) {
      const found = symbol(literals);
      if (found < 256) out[end++] = found;
      else if (found === 256) return;
      else {
        const l = found - 257, more = l < 8 || l === 28 ? 0 : (l >> 2) - 1;
        const base = l < 8 ? l + 3 : l === 28 ? 258 : ((4 + (l & 3)) << more) + 3;
        let length = base + take(more);
        const d = symbol(distances), wide = d < 4 ? 0 : (d >> 1) - 1;
        const back = (d < 4 ? d + 1 : ((2 + (d & 1)) << wide) + 1) + take(wide);
        for (; length > 0; length--, end++) out[end] = out[end - back];
      }
    }
  };
  for (let last = 0; !last;) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) {
      bits = held = 0;
      const length = bytes[at] | (bytes[at + 1] << 8);
      out.set(bytes.subarray(at + 4, at + 4 + length), end);
      at += 4 + length;
      end += length;
    } else if (kind === 1) {
      const fixed = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
      copy(tree(fixed), tree(Array(30).fill(5)));
    } else {
      const literal = take(5) + 257, distance = take(5) + 1, codes = take(4) + 4, short = Array(19).fill(0);
      for (let i = 0; i < codes; i++) short[[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15][i]] = take(3);
      const lengths = [], of = tree(short);
      while (lengths.length < literal + distance) {
        const found = symbol(of);
        if (found < 16) lengths.push(found);
        else {
          const value = found === 16 ? lengths.at(-1) : 0;
          const count = found === 16 ? 3 + take(2) : found === 17 ? 3 + take(3) : 11 + take(7);
          lengths.push(...Array(count).fill(value));
        }
      }
      copy(tree(lengths.slice(0, literal)), tree(lengths.slice(literal)));
    }
  }
  return out;
}

{
  const packed = document.getElementById("packed"), text = atob(packed.textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const parts = new TextDecoder().decode(inflated(bytes, Number(packed.dataset.size))).split("\u0000");
  ["told", "engine", "app"].forEach((id, i) => {
    const script = document.createElement("script");
    script.id = id;
    if (id === "told") script.type = "application/json";
    script.textContent = parts[i];
    document.body.append(script);
  });
}
