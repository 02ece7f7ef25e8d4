"use strict";
/* Numbers in a compiled cell. `bind` takes the parameters, `run` the inputs, step by step from the
 * zero state; pulling.js goes back from there. */

const LARGEST = 4e6; // numbers that the rows of a Jacobian and the values of a run may hold

/** A parameter expression in numbers: { rows, cols, data }; a vector is a column. */
function evaluated(node, compiler, parameters) {
  const inner = (n) => evaluated(n, compiler, parameters);
  const each = (a, b, f) => {
    const big = a.data.length >= b.data.length ? a : b;
    const data = big.data.map((_, i) => f(a.data[a.data.length > 1 ? i : 0], b.data[b.data.length > 1 ? i : 0]));
    return { ...big, data };
  };
  switch (node.kind) {
    case "num": return { rows: 1, cols: 1, data: Float64Array.of(node.value) };
    case "name": {
      if (node.id === "I") {
        const n = compiler.matrixShape(node)[0], data = new Float64Array(n * n);
        for (let i = 0; i < n; i++) data[i * n + i] = 1;
        return { rows: n, cols: n, data };
      }
      const shape = compiler.parameterShape(node.id);
      return { rows: shape[0] ?? 1, cols: shape[1] ?? 1, data: parameters.get(node.id) };
    }
    case "neg": {
      const a = inner(node.inner);
      return { ...a, data: a.data.map((v) => -v) };
    }
    case "turned": {
      const a = inner(node.inner), data = new Float64Array(a.data.length);
      for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.cols; j++) data[j * a.rows + i] = a.data[i * a.cols + j];
      return { rows: a.cols, cols: a.rows, data };
    }
    case "call": {
      const a = inner(node.args[0]);
      if (node.name === "diag") {
        const n = a.data.length, data = new Float64Array(n * n);
        for (let i = 0; i < n; i++) data[i * n + i] = a.data[i];
        return { rows: n, cols: n, data };
      }
      const known = compiler.functions[node.name];
      if (!known) throw faultAt(node, `${node.name} cannot stand inside a matrix of parameters`);
      const k = node.args[1] ? constantOf(node.args[1]) : known.k;
      return { ...a, data: a.data.map((v) => known.value(v, k)) };
    }
    default: {
      const a = inner(node.left), b = inner(node.right);
      if (node.op === "@") {
        const data = new Float64Array(a.rows * b.cols);
        new Kernel.Arena().multiply(data, a.data, b.data, a.rows, a.cols, b.cols);
        return { rows: a.rows, cols: b.cols, data };
      }
      const act = { "+": (u, v) => u + v, "-": (u, v) => u - v, "*": (u, v) => u * v, "/": (u, v) => u / v, "**": Math.pow }[node.op];
      return each(a, b, act);
    }
  }
}

/** A compiled cell with numbers in it. */
class Machine {
  constructor(cell, numbers, functions, arena = new Kernel.Arena()) {
    this.cell = cell;
    this.arena = arena;
    this.compiler = new Compiler(cell, numbers, functions);
    const { registers } = this.compiler;
    this.fixedLength = place(registers.filter((r) => r.kind === "fixed"), 0);
    this.width = place(registers.filter((r) => r.kind === "input" || r.kind === "work"), 0);
    for (const r of registers) if (r.kind === "before") r.offset = this.compiler.now.get(r.name).offset;
    this.roots = rootsOf(this.compiler);
    this.norms = new Map();
    this.driven = new Map();
  }

  /** The parameters: a Map from names to Float64Array. */
  bind(parameters) {
    this.parameters = parameters;
    this.fixed = new Float64Array(this.fixedLength);
    for (const { register, node } of this.compiler.dense) {
      this.fixed.set(evaluated(node, this.compiler, parameters).data, register.offset);
    }
    this.norms.clear();
  }

  /** Runs the steps from the zero state; `inputs` maps names to Float64Array (steps × size). */
  run(inputs, steps) {
    const length = this.fixedLength + (steps + 1) * this.width;
    if (length > 8 * LARGEST) throw new Error("too many numbers for a page; take fewer units or lags");
    if (this.memory?.length !== length) {
      this.arena.reset();
      this.memory = this.arena.take(length);
      this.inArena = this.arena.top;
    }
    this.memory.fill(0, this.fixedLength, this.fixedLength + this.width);
    this.memory.set(this.fixed);
    this.steps = steps;
    for (const r of this.compiler.work) if (r.op === "matvec" && r.args[1].kind === "input") this.drive(r, inputs.get(r.args[1].name), steps);
    for (let t = 0; t < steps; t++) {
      for (const name of this.cell.inputs) {
        const r = this.compiler.now.get(name);
        this.memory.set(inputs.get(name).subarray(t * r.size, (t + 1) * r.size), this.at(r, t));
      }
      for (const r of this.compiler.work) forward(r, this.memory, t, this);
    }
    return this;
  }

  /** A matrix on an input, for all steps at once; kept while neither of them changes. */
  drive(r, x, steps) {
    const [matrix] = r.args, [rows, cols] = matrix.shape, before = this.driven.get(r);
    const weights = this.fixed.subarray(matrix.offset, matrix.offset + matrix.size);
    if (before?.x === x && before.weights.every((w, i) => w === weights[i])) return;
    const data = new Float64Array(steps * rows);
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0, w = i * cols, e = t * cols; j < cols; j++) sum += weights[w++] * x[e++];
        data[t * rows + i] = sum;
      }
    }
    this.driven.set(r, { x, weights: weights.slice(), data });
  }

  /** Where a register lies at a step. */
  at(r, t) {
    return r.kind === "fixed" ? r.offset : this.fixedLength + (t + (r.kind === "before" ? 0 : 1)) * this.width + r.offset;
  }

  /** A value over all steps, step by step. */
  values(name) {
    const r = this.compiler.now.get(name), found = new Float32Array(this.steps * r.size);
    for (let t = 0; t < this.steps; t++) found.set(this.memory.subarray(this.at(r, t), this.at(r, t) + r.size), t * r.size);
    return found;
  }

  /** The first value that is not finite: { name, step }, or null. */
  overflow() {
    for (let t = 0; t < this.steps; t++) {
      for (const r of this.compiler.work) {
        if (r.name === undefined) continue;
        const start = this.at(r, t);
        for (let i = start; i < start + r.size; i++) if (!Number.isFinite(this.memory[i])) return { name: r.name, step: t };
      }
    }
    return null;
  }

  /** The spectral norm of a fixed matrix, worked out once. */
  normOf(r) {
    if (!this.norms.has(r)) {
      const [rows, cols] = r.shape, data = this.memory.subarray(r.offset, r.offset + r.size);
      this.norms.set(r, spectralNorm(data, rows, cols, this.arena).norm);
    }
    return this.norms.get(r);
  }
}

/** Gives registers their places one after the other; returns the length of all. */
function place(registers, start) {
  for (const r of registers) {
    r.offset = start;
    start += r.size;
  }
  return start;
}

/** One instruction, at one step. */
function forward(r, m, t, machine) {
  const out = machine.at(r, t), n = r.size, [x, y] = r.args;
  let a = machine.at(x, t), b = y ? machine.at(y, t) : 0;
  const da = x.size === 1 ? 0 : 1, db = y && y.size !== 1 ? 1 : 0;
  switch (r.op) {
    case "add": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = m[a] + m[b]; break;
    case "sub": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = m[a] - m[b]; break;
    case "mul": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = m[a] * m[b]; break;
    case "div": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = m[a] / m[b]; break;
    case "max": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = Math.max(m[a], m[b]); break;
    case "min": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = Math.min(m[a], m[b]); break;
    case "pow": for (let i = 0; i < n; i++, a += da, b += db) m[out + i] = m[a] ** m[b]; break;
    case "neg": for (let i = 0; i < n; i++, a += da) m[out + i] = -m[a]; break;
    case "copy": for (let i = 0; i < n; i++, a += da) m[out + i] = m[a]; break;
    case "powc": for (let i = 0; i < n; i++, a += da) m[out + i] = m[a] ** r.exponent; break;
    case "apply": r.of.run(m, out, a, da, n, r.k); break;
    case "matvec": {
      const ahead = machine.driven.get(r);
      if (!ahead) WHOLE.matvec.forward(m, out, a, b, r, machine.arena);
      else for (let i = 0, e = t * n; i < n; i++) m[out + i] = ahead.data[e + i];
      break;
    }
    default: WHOLE[r.op].forward(m, out, a, b, r, (part) => machine.at(part, t));
  }
}
