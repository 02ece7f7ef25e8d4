"use strict";
/* One cell with its settings: what is drawn for it, run and measured. The page and its worker
 * both run this. Settings are plain data: hidden, lags, seed, scheme, gain, scale, tMax, values
 * (parameters set outright, by name), of, wrt, norm. */

const MOST_UNITS = 128, MOST_MATRIX_UNITS = 12, MOST_LAGS = 2000, PROBES = 8;
const SCHEMES = ["pytorch", "keras", "orthogonal", "gaussian", "identity", "chrono"];

class Lesson {
  /** `told` is what the page knows of a cell beyond its text: roles, biases, keeps. */
  constructor(text, told = {}) {
    this.cell = readCell(text, FUNCTIONS);
    this.told = Object.fromEntries(Object.entries(told).map(([key, value]) => [key, bare(value)]));
    this.acting = actingOn(this.cell);
    this.added = addedIn(this.cell);
    this.zeros = new Set(told.added ?? this.added.keys());
    this.doubled = new Set(told.doubled ?? doubledIn(this.cell));
    this.hasMatrices = [...this.cell.shapes.values()].some((shape) => shape.length > 1);
    this.drawn = new Map();
  }

  get mostUnits() {
    return this.hasMatrices ? MOST_MATRIX_UNITS : MOST_UNITS;
  }

  /** The state that is usual: h, or that of the highest layer, else the first by name. */
  get usual() {
    const { states } = this.cell, layers = states.filter((s) => /^h\d*$/.test(s));
    const order = (a, b) => a.length - b.length || (a < b ? -1 : 1);
    return layers.length ? [...layers].sort(order).at(-1) : [...states].sort()[0];
  }

  numbers(settings) {
    return Object.fromEntries(this.cell.letters.map((letter) => [letter, settings.hidden]));
  }

  sizeIn(shape, numbers) {
    return shape.map((letters) => letters.reduce((sum, letter) => sum + numbers[letter], 0));
  }

  steps(settings) {
    return settings.lags + (this.cell.states.includes(settings.wrt) ? 0 : 1);
  }

  // -- parameters ----------------------------------------------------------------------------

  /** All parameters as `init` draws them: a Map from names to numbers. */
  parameters(settings) {
    const numbers = this.numbers(settings), found = new Map();
    for (const [name, { kind, shape }] of this.cell.parameters) {
      const sizes = this.sizeIn(shape, numbers), value = settings.values[name];
      const count = sizes.reduce((a, b) => a * b, 1);
      found.set(name, value === undefined ? this.draw(name, kind, sizes, settings) : new Float64Array(count).fill(value));
    }
    if (settings.scheme === "chrono") this.chrono(settings, found);
    return found;
  }

  draw(name, kind, sizes, settings) {
    const { scheme, seed, gain } = settings;
    if (kind === "scalar") return Float64Array.of(0.5);
    const onInput = this.acting.get(name)?.input ?? false, count = sizes.reduce((a, b) => a * b, 1);
    const key = [name, scheme, seed, sizes].join();
    if (scheme === "pytorch") {
      if (!this.drawn.has(key)) {
        const bound = 1 / Math.sqrt(settings.hidden);
        const generator = new Generator([seed, ...bytesOf(name)]), drawn = generator.uniform(-bound, bound, count);
        if (this.doubled.has(name)) generator.uniform(-bound, bound, count).forEach((v, i) => { drawn[i] += v; });
        this.drawn.set(key, drawn);
      }
      const raw = this.drawn.get(key);
      if (kind !== "matrix" || onInput || gain === 1) return raw;
      const gains = this.gains(name, sizes[1], settings);
      return raw.map((v, i) => v * gains[i % sizes[1]]);
    }
    const generator = new Generator([seed, ...bytesOf(name)]);
    if (kind === "vector") {
      if (scheme === "keras" && this.isForget(name)) return new Float64Array(count).fill(1);
      return this.zeros.has(name) ? new Float64Array(count) : generator.uniform(0, Math.min(gain, 1), count);
    }
    return this.recurrent(name, sizes, generator, settings, onInput);
  }

  /** The gain of each column: 1 where a matrix acts on [h, x] and the column on x. */
  gains(name, columns, settings) {
    const widths = this.widths(name, settings) ?? [["", columns]];
    return widths.flatMap(([part, width]) => Array(width).fill(this.cell.inputs.includes(part) ? 1 : settings.gain));
  }

  widths(name, settings) {
    const parts = this.acting.get(name)?.parts, numbers = this.numbers(settings);
    return parts?.map((part) => [part.name, this.sizeIn([part.letters], numbers)[0]]);
  }

  recurrent(name, [rows, columns], generator, settings, onInput) {
    const { scheme, gain } = settings;
    const glorot = (width) => {
      const bound = Math.sqrt(6 / Math.max(rows + width, 1));
      return generator.uniform(-bound, bound, rows * width);
    };
    const make = (width) => {
      if (scheme === "gaussian") return generator.normal(rows * width).map((v) => v * gain / Math.sqrt(Math.max(width, 1)));
      if (scheme === "identity") return Float64Array.from({ length: rows * width }, (_, i) => (i % width === Math.floor(i / width) ? gain : 0));
      return orthogonal(generator, rows, width).map((v) => v * gain);
    };
    if (onInput) return glorot(columns);
    const widths = this.widths(name, settings);
    if (!widths) return make(columns);
    const made = new Float64Array(rows * columns);
    let start = 0;
    for (const [part, width] of widths) {
      const block = this.cell.inputs.includes(part) ? glorot(width) : make(width);
      for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) made[i * columns + start + j] = block[i * width + j];
      start += width;
    }
    return made;
  }

  isForget(bias) {
    return Object.entries(this.told.biases ?? {}).some(([gate, name]) => name === bias && this.isRole(gate, "forget", "f"));
  }

  isRole(gate, word, letter) {
    const role = this.told.roles?.[gate];
    return role ? role.toLowerCase().includes(word) : gate === letter;
  }

  /** b = ln U[1, T - 1] for a gate that keeps, -b for one that lets in. */
  chrono(settings, found) {
    const { keeps = {}, biases = {} } = this.told;
    for (const [gate, kept] of Object.entries(keeps)) {
      const name = biases[gate];
      if (!name) continue;
      const count = found.get(name).length;
      const b = new Generator([settings.seed, ...bytesOf(name)]).uniform(1, settings.tMax - 1, count).map(Math.log);
      if (settings.values[name] === undefined) found.set(name, kept ? b : b.map((v) => -v));
      for (const other of Object.keys(biases)) {
        if (!(other in keeps) && this.isRole(other, "input gate", "i") && settings.values[biases[other]] === undefined) {
          found.set(biases[other], found.get(name).map((v) => -v));
        }
      }
    }
  }

  /** Standard normal inputs times the scale: a Map from names to numbers (steps × size). */
  inputs(settings) {
    const numbers = this.numbers(settings), steps = this.steps(settings);
    return new Map(this.cell.inputs.map((name) => {
      const width = this.sizeIn(this.cell.shapes.get(name), numbers).reduce((a, b) => a * b, 1);
      const key = [name, "input", settings.seed, steps, width].join();
      if (!this.drawn.has(key)) {
        if (this.drawn.size > 60) this.drawn.clear();
        this.drawn.set(key, new Generator([settings.seed, 1, ...bytesOf(name)]).normal(steps * width));
      }
      const raw = this.drawn.get(key);
      return [name, settings.scale === 1 ? raw : raw.map((v) => v * settings.scale)];
    }));
  }

  // -- what is measured ----------------------------------------------------------------------

  machine(settings) {
    if (this.made?.hidden !== settings.hidden) {
      this.made = { hidden: settings.hidden, machine: new Machine(this.cell, this.numbers(settings), FUNCTIONS, this.made?.machine.arena) };
      this.pull = null;
    }
    return this.made.machine;
  }

  /** Runs the cell and pulls the gradient back. `exactly` takes every row, else a few probes;
   *  `fully` adds the shares of the paths and the rate at rest. */
  measure(settings, { exactly = true, fully = false } = {}) {
    const machine = this.machine(settings), steps = this.steps(settings);
    machine.bind(this.parameters(settings));
    machine.run(this.inputs(settings), steps);
    const overflow = machine.overflow();
    if (overflow) return { overflow, steps };
    const { of, wrt, lags, norm } = settings, pull = new Pull(machine, of, wrt);
    const rows = exactly ? null : this.probes(machine.compiler.now.get(of).size, norm);
    const found = pull.curve({ lags, norm, rows, named: fully, leading: exactly && norm === "spectral" });
    if (found.broken !== null) return { overflow: { name: "The gradient", step: found.broken }, steps };
    if (found.leading) this.leading = found.leading;
    const gates = this.cell.gates.filter((name) => this.cell.shapes.get(name).length < 2)
      .map((name) => ({ name, size: machine.compiler.now.get(name).size, values: machine.values(name) }));
    return { ...found, gates, steps, exactly: rows === null, rest: fully ? this.rest(machine, settings) : null };
  }

  /** Rows for an estimate: those that led in the last exact curve, and random ones. */
  probes(size, norm) {
    const count = Math.min(PROBES, size), generator = new Generator([7]);
    if (norm !== "spectral") return generator.normal(count * size).map((v) => v / Math.sqrt(count));
    const vectors = (this.leading ?? []).filter((v) => v.length === size).slice(0, count - 2);
    while (vectors.length < count) vectors.push(generator.normal(size));
    return Float64Array.from(orthonormal(vectors).flatMap((v) => [...v]));
  }

  /** log10 of the rate a step at rest: inputs 0, the states where they come to rest. */
  rest(machine, settings) {
    const steps = 200;
    machine.run(new Map([...this.inputs(settings)].map(([name, v]) => [name, new Float64Array(v.length / this.steps(settings) * steps)])), steps);
    if (machine.overflow()) return null;
    const start = settings.of, first = machine.compiler.now.get(start).size;
    const pull = new Pull(machine, start, settings.wrt);
    const { log10 } = pull.curve({ lags: steps - 1, norm: "frobenius", rows: new Generator([3]).normal(first), frozen: true });
    const rate = (log10[steps - 1] - log10[steps / 2]) / (steps / 2 - 1);
    return Number.isFinite(rate) ? rate : null;
  }
}

/** Vectors made orthonormal; what depends on the others is left out. */
function orthonormal(vectors) {
  const kept = [];
  for (const vector of vectors) {
    const v = vector.slice();
    for (let twice = 0; twice < 2; twice++) {
      for (const q of kept) {
        let along = 0;
        for (let i = 0; i < v.length; i++) along += q[i] * v[i];
        for (let i = 0; i < v.length; i++) v[i] -= along * q[i];
      }
    }
    const length = lengthOf(v, 0, v.length);
    if (length > 1e-8) kept.push(v.map((x) => x / length));
  }
  return kept;
}

/** An orthogonal matrix: the Q of a matrix of normal numbers, its signs those of R's diagonal. */
function orthogonal(generator, rows, columns) {
  const tall = Math.max(rows, columns), slim = Math.min(rows, columns), raw = generator.normal(tall * slim);
  const vectors = Array.from({ length: slim }, (_, j) => Float64Array.from({ length: tall }, (_, i) => raw[i * slim + j]));
  const q = orthonormal(vectors);
  return Float64Array.from({ length: rows * columns }, (_, e) => {
    const i = Math.floor(e / columns), j = e % columns;
    return rows >= columns ? q[j][i] : q[i][j];
  });
}

/** What each matrix acts on: an input alone, or the parts of a concatenation. */
function actingOn(cell) {
  const found = new Map();
  const note = (matrix, vector) => {
    const parts = vector.kind === "list" && vector.parts.length > 1
      ? vector.parts.map((part) => ({ name: isTimed(part) ? part.id : "", letters: lettersOf(cell, part) })) : null;
    const only = vector.kind === "list" && vector.parts.length === 1 ? vector.parts[0] : vector;
    const input = isTimed(only) && cell.inputs.includes(only.id);
    for (const n of below(matrix)) {
      if (!isBare(n) || cell.kinds.get(n.id) !== "matrix") continue;
      const before = found.get(n.id) ?? { input: true, parts: null };
      found.set(n.id, { input: before.input && input, parts: parts && parts.every((p) => p.letters) ? parts : before.parts });
    }
  };
  const isMatrix = (node) => node.kind !== "list" && (isParameterMatrix(node, cell.kinds) || cell.ranks.of(node) === 2);
  const walk = (node) => {
    if (node.kind === "bin" && node.op === "@") {
      if (!isMatrix(node.left)) note(node.right, node.left);
      else if (!isMatrix(node.right)) note(node.left, node.right);
    }
    childrenOf(node).forEach(walk);
  };
  for (const { right } of cell.lines.values()) walk(right);
  return found;
}

/** The size of a vector expression, from any name in it. */
function lettersOf(cell, node) {
  for (const n of below(node)) {
    if (n.kind !== "name") continue;
    const shape = n.lag === null ? cell.parameters.get(n.id)?.shape : cell.shapes.get(n.id);
    if (shape?.length === 1) return shape[0];
  }
  return null;
}

/** The vectors of parameters that are added in a sum, with the line in which they are. */
function addedIn(cell) {
  const found = new Map();
  for (const { name, right } of cell.lines.values()) {
    for (const node of below(right)) {
      if (!isSum(node)) continue;
      for (const part of [node.left, node.right]) {
        if (isBare(part) && cell.kinds.get(part.id) === "vector" && !found.has(part.id)) found.set(part.id, name);
      }
    }
  }
  return found;
}

/** The vectors that are added to two products or more: PyTorch draws a bias for each. */
function doubledIn(cell) {
  const parts = (node) => [...summands(node)].flatMap((part) =>
    (isTimed(part) && part.lag === 0 && cell.lines.has(part.id) ? parts(cell.lines.get(part.id).right) : [part]));
  const products = (part) => {
    if (part.kind !== "bin" || part.op !== "@") return 0;
    return part.right.kind === "list" ? part.right.parts.length : 1;
  };
  const found = new Set();
  for (const { right } of cell.lines.values()) {
    for (const node of below(right)) {
      const all = isSum(node) ? parts(node) : [];
      if (all.reduce((sum, part) => sum + products(part), 0) < 2) continue;
      for (const part of all) if (isBare(part) && cell.kinds.get(part.id) === "vector") found.add(part.id);
    }
  }
  return found;
}
