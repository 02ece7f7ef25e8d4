"use strict";
/* The inner loops as a WebAssembly module, two numbers at a time, put together here byte by
 * byte; without WebAssembly the same loops run in JavaScript. */

const Kernel = (() => {
  const PAGES = 1024; // of 64 KiB
  const get = (i) => [0x20, i], set = (i) => [0x21, i];
  const number = (v) => {
    const bytes = [];
    for (let more = true; more; v >>= 7) {
      more = !((v >> 7 === 0 && !(v & 0x40)) || (v >> 7 === -1 && v & 0x40));
      bytes.push((v & 0x7f) | (more ? 0x80 : 0));
    }
    return bytes;
  };
  const constant = (v) => [0x41, ...number(v)];
  const ADD = [0x6a], MUL = [0x6c], LESS = [0x49], END = [0x0b];
  const load = (offset) => [0xfd, 0x00, 3, offset], splat = [0xfd, 0x0a, 3, 0];
  const store = (offset) => [0xfd, 0x0b, 3, offset];
  const lane = (i) => [0xfd, 0x21, i], TIMES = [0xfd, 0xf2, 0x01], PLUS = [0xfd, 0xf0, 0x01], ZERO = [0xfd, 0x0c, ...Array(16).fill(0)];
  const sum = (i, ...more) => [...get(i), ...more.flat(), ...ADD, ...set(i)];
  const FUSED = [0xfd, 0x87, 0x02]; // relaxed SIMD: a b + c rounded once, where there is such
  let fused = true;
  /** The local acc += a b. */
  const add = (acc, a, b) => [...(fused ? [...a, ...b, ...get(acc), ...FUSED] : [...get(acc), ...a, ...b, ...TIMES, ...PLUS]), ...set(acc)];
  const step = (i, by) => sum(i, constant(by));
  /** Repeats a body while the local is below a limit; both are byte counts or counts. */
  const loop = (body, i, limit) => [0x03, 0x40, ...body.flat(), ...get(i), ...get(limit), ...LESS, 0x0d, 0, ...END];
  const bytes = (i) => [...get(i), ...constant(8), ...MUL];

  /** multiply(C, B, A, rows, inner, cols): C += B A; rows and cols are multiples of four. */
  function multiply() {
    const [C, B, A, rows, inner, cols, i, j, k, a, wide, tall, c] = Array(13).keys();
    const b = [13, 14, 15, 16], x = [17, 18], acc = Array.from({ length: 8 }, (_, n) => 19 + n), y = 27;
    const body = [
      ...set1(wide, bytes(cols)), ...set1(tall, bytes(inner)), ...set1(j, constant(0)),
      ...loop([
        ...set1(i, constant(0)),
        ...loop([
          ...acc.flatMap((v) => [...ZERO, ...set(v)]),
          ...set1(a, [...get(A), ...bytes(j), ...ADD]),
          ...set1(b[0], [...get(B), ...get(i), ...get(tall), ...MUL, ...ADD]),
          ...[1, 2, 3].flatMap((r) => set1(b[r], [...get(b[r - 1]), ...get(tall), ...ADD])),
          ...set1(k, constant(0)),
          ...loop([
            ...[0, 1].flatMap((h) => [...get(a), ...load(16 * h), ...set(x[h])]),
            ...[0, 1, 2, 3].flatMap((r) => [
              ...get(b[r]), ...splat, ...set(y),
              ...[0, 1].flatMap((h) => [...add(acc[2 * r + h], get(y), get(x[h]))]),
              ...step(b[r], 8),
            ]),
            ...sum(a, get(wide)), ...step(k, 1),
          ], k, inner),
          ...set1(c, [...get(C), ...get(i), ...get(wide), ...MUL, ...ADD, ...bytes(j), ...ADD]),
          ...[0, 1, 2, 3].flatMap((r) => [
            ...[0, 1].flatMap((h) => [...get(c), ...get(c), ...load(16 * h), ...get(acc[2 * r + h]), ...PLUS, ...store(16 * h)]),
            ...sum(c, get(wide)),
          ]),
          ...step(i, 4),
        ], i, rows),
        ...step(j, 4),
      ], j, cols),
    ];
    return { parameters: 6, locals: [[11, 0x7f], [11, 0x7b]], body };
  }

  /** scaled(to, P, slope, rows, size): each row of `to` += that of P × slope; size is even. */
  function scaled() {
    const [to, P, slope, rows, size, i, j, at] = Array(8).keys();
    const body = [
      ...set1(i, constant(0)), ...set1(size, bytes(size)),
      ...loop([
        ...set1(j, constant(0)), ...set1(at, get(slope)),
        ...loop([
          ...get(to), ...get(to), ...load(0), ...get(P), ...load(0), ...get(at), ...load(0), ...TIMES, ...PLUS, ...store(0),
          ...step(to, 16), ...step(P, 16), ...step(at, 16), ...step(j, 16),
        ], j, size),
        ...step(i, 1),
      ], i, rows),
    ];
    return { parameters: 5, locals: [[3, 0x7f]], body };
  }

  /** times(y, A, x, rows, cols): y = A x; rows is even, cols a multiple of four. */
  function times() {
    const [y, A, x, rows, cols, i, j, at] = Array(8).keys(), acc = [8, 9, 10, 11], v = [12, 13];
    const total = (r) => [...get(acc[r]), ...get(acc[r + 2]), ...PLUS, ...set(acc[r]),
      ...get(y), ...get(acc[r]), ...lane(0), ...get(acc[r]), ...lane(1), 0xa0, 0x39, 3, 0, ...step(y, 8)];
    const body = [
      ...set1(i, constant(0)), ...set1(cols, bytes(cols)),
      ...loop([
        ...acc.flatMap((one) => [...ZERO, ...set(one)]), ...set1(j, constant(0)),
        ...loop([
          ...set1(at, [...get(x), ...get(j), ...ADD]), ...[0, 1].flatMap((h) => [...get(at), ...load(16 * h), ...set(v[h])]),
          ...set1(at, [...get(A), ...get(j), ...ADD]),
          ...[0, 1].flatMap((r) => [
            ...[0, 1].flatMap((h) => [...add(acc[r + 2 * h], [...get(at), ...load(16 * h)], get(v[h]))]),
            ...sum(at, get(cols)),
          ]),
          ...step(j, 32),
        ], j, cols),
        ...total(0), ...total(1), ...sum(A, get(cols)), ...sum(A, get(cols)), ...step(i, 2),
      ], i, rows),
    ];
    return { parameters: 5, locals: [[3, 0x7f], [6, 0x7b]], body };
  }

  /** turned(y, A, x, rows, cols): y = Aᵀ x; rows is even, cols a multiple of four. */
  function turned() {
    const [y, A, x, rows, cols, i, j, at, from] = Array(9).keys(), acc = [9, 10, 11, 12], v = 13;
    const body = [
      ...set1(j, constant(0)), ...set1(cols, bytes(cols)),
      ...loop([
        ...acc.flatMap((one) => [...ZERO, ...set(one)]), ...set1(i, constant(0)),
        ...set1(at, [...get(A), ...get(j), ...ADD]), ...set1(from, get(x)),
        ...loop([
          ...[0, 1].flatMap((r) => [
            ...get(from), 0xfd, 0x0a, 3, 8 * r, ...set(v),
            ...[0, 1].flatMap((h) => [...add(acc[r + 2 * h], [...get(at), ...load(16 * h)], get(v))]),
            ...sum(at, get(cols)),
          ]),
          ...step(from, 16), ...step(i, 2),
        ], i, rows),
        ...[0, 1].flatMap((h) => [...get(y), ...get(acc[2 * h]), ...get(acc[2 * h + 1]), ...PLUS, ...store(16 * h)]),
        ...step(y, 32), ...step(j, 32),
      ], j, cols),
    ];
    return { parameters: 5, locals: [[4, 0x7f], [5, 0x7b]], body };
  }

  function set1(i, value) {
    return [...value, ...set(i)];
  }

  function assembled() {
    const functions = { multiply: multiply(), scaled: scaled(), times: times(), turned: turned() };
    const vector = (items) => [...unsigned(items.length), ...items.flat()];
    const section = (id, content) => [id, ...unsigned(content.length), ...content];
    const name = (text) => vector([...text].map((c) => c.charCodeAt(0)));
    const list = Object.values(functions);
    return new Uint8Array([
      0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
      ...section(1, vector(list.map((f) => [0x60, ...vector(Array(f.parameters).fill(0x7f)), 0]))),
      ...section(3, vector(list.map((_, i) => [i]))),
      ...section(5, [1, 0, ...unsigned(PAGES)]),
      ...section(7, vector([[...name("memory"), 2, 0], ...Object.keys(functions).map((f, i) => [...name(f), 0, i])])),
      ...section(10, vector(list.map((f) => {
        const code = [...vector(f.locals.map(([count, type]) => [count, type])), ...f.body, ...END];
        return [...unsigned(code.length), ...code];
      }))),
    ]);
  }

  function unsigned(v) {
    const out = [];
    do {
      out.push((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
      v >>>= 7;
    } while (v);
    return out;
  }

  let module = null;

  function built() {
    for (fused of [true, false]) {
      const code = assembled();
      if (!fused || WebAssembly.validate(code)) return new WebAssembly.Module(code);
    }
  }

  /** An arena of numbers for one machine, with the loops that run over it. */
  class Arena {
    constructor() {
      try {
        module ??= built();
        this.own = new WebAssembly.Instance(module).exports;
        this.all = new Float64Array(this.own.memory.buffer);
      } catch {
        this.own = null; // no WebAssembly here, or none with vectors
      }
      this.reset();
    }

    reset(top = 0) {
      this.top = top;
      this.free = new Map();
      this.basis = new Map();
    }

    /** Vectors of one length, to be written over: made when they are asked for. */
    vectors(length, count) {
      if (!this.basis.has(length)) this.basis.set(length, []);
      const found = this.basis.get(length);
      while (found.length < count) found.push(this.take(length));
      return found;
    }

    /** Numbers that are all zero; in the module's memory while there is room. */
    take(length) {
      const found = this.free.get(length)?.pop();
      if (found) return found.fill(0);
      const end = this.top + length + (length % 2);
      if (!this.own || end > this.all.length) return new Float64Array(length);
      const made = this.all.subarray(this.top, this.top + length);
      this.top = end;
      return made.fill(0);
    }

    give(data) {
      if (!this.free.has(data.length)) this.free.set(data.length, []);
      this.free.get(data.length).push(data);
    }

    holds(...arrays) {
      return this.own && arrays.every((a) => a.buffer === this.all.buffer);
    }

    /** C (rows × cols) += B (rows × inner) A (inner × cols). */
    multiply(C, B, A, rows, inner, cols, a0 = 0) {
      if (rows % 4 || cols % 4 || !inner || !this.holds(A, B, C)) multiply_(C, B, A, rows, inner, cols, a0);
      else this.own.multiply(C.byteOffset, B.byteOffset, A.byteOffset + 8 * a0, rows, inner, cols);
    }

    /** Each row of `to` += that of P times slope, by components. */
    scaled(to, P, slope, rows, size) {
      if (size % 2 || !this.holds(to, P, slope)) {
        for (let row = 0, p = 0; row < rows; row++) for (let j = 0; j < size; j++, p++) to[p] += P[p] * slope[j];
      } else this.own.scaled(to.byteOffset, P.byteOffset, slope.byteOffset, rows, size);
    }

    /** y = A x, A (rows × cols); each begins at its place. */
    times(y, A, x, rows, cols, y0 = 0, a0 = 0, x0 = 0) {
      if (rows % 2 === 0 && cols % 4 === 0 && cols && this.holds(y, A, x)) {
        this.own.times(y.byteOffset + 8 * y0, A.byteOffset + 8 * a0, x.byteOffset + 8 * x0, rows, cols);
        return;
      }
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < cols; j++) sum += A[a0++] * x[x0 + j];
        y[y0 + i] = sum;
      }
    }

    /** y = Aᵀ x. */
    turned(y, A, x, rows, cols) {
      if (rows % 2 === 0 && cols % 4 === 0 && rows && this.holds(y, A, x)) {
        this.own.turned(y.byteOffset, A.byteOffset, x.byteOffset, rows, cols);
        return;
      }
      y.fill(0);
      for (let i = 0, p = 0; i < rows; i++) for (let j = 0; j < cols; j++) y[j] += A[p++] * x[i];
    }
  }

  function multiply_(C, B, A, rows, inner, cols, a0) {
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < inner; k++) {
        const b = B[i * inner + k], c = i * cols, a = a0 + k * cols;
        for (let j = 0; j < cols; j++) C[c + j] += b * A[a + j];
      }
    }
  }

  return { Arena };
})();
