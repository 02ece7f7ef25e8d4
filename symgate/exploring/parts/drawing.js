"use strict";
/* Random numbers as NumPy draws them, and the parameters and inputs that symgate draws with them,
 * so that the page and `sg.decay` show the same networks. */

const WORD = 0xffffffff;
const WIDE = (1n << 128n) - 1n, HALF = (1n << 64n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n;

/** NumPy's SeedSequence of a list of small whole numbers: eight words of 32 bits. */
function seedWords(entropy) {
  const words = entropy.length ? entropy : [0], pool = [0, 0, 0, 0];
  let hash = 0x43b0d7e5;
  const hashed = (value) => {
    value ^= hash;
    hash = Math.imul(hash, 0x931e8875);
    value = Math.imul(value, hash);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mixed = (x, y) => {
    const value = (Math.imul(x, 0xca01f9dd) - Math.imul(y, 0x4973f715)) | 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  for (let i = 0; i < 4; i++) pool[i] = hashed(words[i] ?? 0);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
  }
  for (let i = 4; i < words.length; i++) for (let to = 0; to < 4; to++) pool[to] = mixed(pool[to], hashed(words[i]));
  hash = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => {
    let value = pool[i % 4] ^ hash;
    hash = Math.imul(hash, 0x58f38ded);
    value = Math.imul(value, hash);
    return (value ^ (value >>> 16)) >>> 0;
  });
}

/** NumPy's default generator (PCG64) for `default_rng([...entropy])`. */
class Generator {
  constructor(entropy) {
    const w = seedWords(entropy).map(BigInt), pair = (i) => (w[i + 1] << 32n) | w[i];
    this.increment = ((((pair(4) << 64n) | pair(6)) << 1n) | 1n) & WIDE;
    this.state = 0n;
    this.advance();
    this.state = (this.state + ((pair(0) << 64n) | pair(2))) & WIDE;
    this.advance();
  }

  advance() {
    this.state = (this.state * MULTIPLIER + this.increment) & WIDE;
  }

  word() {
    this.advance();
    const value = ((this.state >> 64n) ^ this.state) & HALF, turn = this.state >> 122n;
    return ((value >> turn) | (value << (64n - turn))) & HALF;
  }

  /** Uniform in [0, 1). */
  unit() {
    return Number(this.word() >> 11n) / 2 ** 53;
  }

  uniform(low, high, count) {
    return Float64Array.from({ length: count }, () => low + (high - low) * this.unit());
  }

  /** Standard normal numbers, by NumPy's ziggurat. */
  normal(count) {
    return Float64Array.from({ length: count }, () => this.oneNormal());
  }

  oneNormal() {
    const { width, edge, height, start } = ziggurat();
    for (;;) {
      const word = this.word(), layer = Number(word & 0xffn);
      const size = Number((word >> 9n) & 0xfffffffffffffn);
      const x = (word >> 8n) & 1n ? -size * width[layer] : size * width[layer];
      if (size < edge[layer]) return x;
      if (layer === 0) {
        for (;;) {
          const beyond = -Math.log1p(-this.unit()) / start, y = -Math.log1p(-this.unit());
          if (y + y > beyond * beyond) return (size >> 8) & 1 || (word >> 17n) & 1n ? -(start + beyond) : start + beyond;
        }
      }
      if ((height[layer - 1] - height[layer]) * this.unit() + height[layer] < Math.exp(-0.5 * x * x)) return x;
    }
  }
}

let layers = null;

/** The 256 layers of the ziggurat for the normal density. */
function ziggurat() {
  if (layers) return layers;
  const start = 3.6541528853610088, area = 0.004928673233974655;
  const f = (x) => Math.exp(-0.5 * x * x), full = 2 ** 52;
  const width = new Float64Array(256), edge = new Float64Array(256), height = new Float64Array(256);
  let right = start, above = start;
  width[0] = area / f(start) / full;
  edge[0] = start * f(start) / area * full;
  width[255] = start / full;
  height[0] = 1;
  height[255] = f(start);
  for (let i = 254; i >= 1; i--) {
    right = Math.sqrt(-2 * Math.log(area / right + f(right)));
    edge[i + 1] = right / above * full;
    above = right;
    width[i] = right / full;
    height[i] = f(right);
  }
  edge[1] = 0;
  layers = { width, edge, height, start };
  return layers;
}

const bytesOf = (name) => [...new TextEncoder().encode(name)];
