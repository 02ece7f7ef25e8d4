"use strict";
/* A cell that was read (language.js) written as instructions over registers, for sizes in numbers.
 * Nothing here knows any cell. */

/** Writes a cell's equations as instructions over registers, for sizes in numbers. */
class Compiler {
  constructor(cell, numbers, functions) {
    Object.assign(this, { cell, numbers, functions });
    this.registers = [];
    this.work = [];
    this.dense = [];
    this.fixed = new Map();
    this.now = new Map();
    this.before = new Map();
    for (const name of cell.inputs) this.now.set(name, this.register("input", this.shapeOf(name), { name }));
    for (const name of cell.states) this.before.set(name, this.register("before", this.shapeOf(name), { name }));
    for (const { name, right } of cell.lines.values()) this.define(name, right);
  }

  number(letters) {
    return letters.reduce((sum, letter) => sum + this.numbers[letter], 0);
  }

  shapeOf(name) {
    return this.cell.shapes.get(name).map((letters) => this.number(letters));
  }

  register(kind, shape, more = {}) {
    const made = { id: this.registers.length, kind, shape, size: shape.reduce((a, b) => a * b, 1), ...more };
    this.registers.push(made);
    return made;
  }

  /** An instruction and the register that it writes. */
  make(op, args, shape, more = {}) {
    const out = this.register("work", shape, { op, args, ...more });
    this.work.push(out);
    return out;
  }

  define(name, right) {
    let value = this.value(right);
    const shape = this.shapeOf(name);
    const fits = value.shape.length === shape.length;
    if (value.kind !== "work" || value.name !== undefined || !fits) value = this.make("copy", [value], shape);
    value.name = name;
    this.now.set(name, value);
  }

  constant(key, shape, node) {
    if (!this.fixed.has(key)) {
      const made = this.register("fixed", shape);
      this.fixed.set(key, made);
      this.dense.push({ register: made, node });
    }
    return this.fixed.get(key);
  }

  isMatrix(node) {
    return isParameterMatrix(node, this.cell.kinds);
  }

  value(node) {
    switch (node.kind) {
      case "num": return this.constant(`#${node.value}`, [], node);
      case "name":
        if (node.lag === 0) return this.now.get(node.id);
        if (node.lag === 1) return this.before.get(node.id);
        return this.constant(node.id, this.parameterShape(node.id), node);
      case "neg": return this.elementwise("neg", [this.value(node.inner)]);
      case "call": return this.call(node);
      case "bin":
        if (node.op === "@") return this.product(node);
        if (node.op === "**") return this.power(node);
        return this.elementwise({ "+": "add", "-": "sub", "*": "mul", "/": "div" }[node.op], [this.value(node.left), this.value(node.right)]);
      default: throw faultAt(node, "this is not an expression of the language");
    }
  }

  parameterShape(name) {
    return this.cell.parameters.get(name).shape.map((letters) => this.number(letters));
  }

  elementwise(op, args, more = {}) {
    const shape = args.reduce((best, a) => (a.shape.length > best.length ? a.shape : best), []);
    return this.make(op, args, shape, { elementwise: true, ...more });
  }

  power(node) {
    const exponent = constantOf(node.right), base = this.value(node.left);
    if (exponent === null) return this.elementwise("pow", [base, this.value(node.right)]);
    if (Math.abs(exponent) > 100) throw faultAt(node.right, "an exponent must be a plain number from -100 to 100");
    return this.elementwise("powc", [base], { exponent });
  }

  call(node) {
    const { name, args } = node;
    if (name === "identity") return this.value(args[0]);
    if (name === "outer") return this.outer(this.value(args[0]), this.value(args[1]));
    if (name === "diag") throw faultAt(node, "diag(…) must act on something: write diag(v) @ h[t-1]");
    const values = [this.value(args[0])];
    if (["dot", "max", "min"].includes(name)) values.push(this.value(args[1]));
    if (TO_NUMBER.includes(name)) return this.make(name, values, []);
    const k = args[1] && values.length < 2 ? constantOf(args[1]) : undefined;
    if (k === null || k <= 0) throw faultAt(args[1], "the second argument must be a number above 0");
    if (MIXING.includes(name)) return this.make(name, values, values[0].shape, { k: k ?? 1e-5 });
    if (name === "max" || name === "min") return this.elementwise(name, values);
    const known = this.functions[name];
    return this.elementwise("apply", values, { of: known, k: k ?? known.k });
  }

  outer(u, v) {
    return this.make("outer", [u, v], [u.shape[0], v.shape[0]]);
  }

  // -- products ------------------------------------------------------------------------------

  rank(node) {
    return this.isMatrix(node) ? 2 : Math.max(this.cell.ranks.of(node), 0);
  }

  product({ left, right }) {
    if (right.kind === "list") return this.acting(left, this.stacked(right), false);
    if (left.kind === "list") return this.acting(right, this.stacked(left), true);
    const ranks = [this.rank(left), this.rank(right)];
    if (ranks[0] === 1 && ranks[1] === 2) return this.acting(right, this.value(left), true);
    if (ranks[1] === 2) return this.between(left, right);
    return this.acting(left, this.value(right), false);
  }

  stacked(list) {
    const parts = list.parts.map((part) => this.value(part));
    if (parts.length === 1) return parts[0];
    return this.make("stack", parts, [parts.reduce((sum, part) => sum + part.size, 0)]);
  }

  /** A matrix, or its transpose, times a vector. */
  acting(node, vector, turned) {
    if (!hasVariable(node) && this.isMatrix(node)) {
      if (node.kind === "name" && node.id === "I") return vector;
      const matrix = this.matrix(node, turned);
      return this.make("matvec", [matrix, vector], [matrix.shape[0]]);
    }
    if (node.kind === "turned") return this.acting(node.inner, vector, !turned);
    if (node.kind === "neg") return this.elementwise("neg", [this.acting(node.inner, vector, turned)]);
    if (node.kind === "call" && node.name === "diag") return this.elementwise("mul", [this.value(node.args[0]), vector]);
    if (node.kind === "call" && node.name === "outer") {
      const [u, v] = (turned ? [1, 0] : [0, 1]).map((i) => this.value(node.args[i]));
      return this.elementwise("mul", [u, this.make("dot", [v, vector], [])]);
    }
    if (node.kind === "bin") {
      const { op, left, right } = node;
      if (op === "@") {
        const [first, second] = turned ? [left, right] : [right, left];
        return this.acting(second, this.acting(first, vector, turned), turned);
      }
      if (isSum(node)) {
        return this.elementwise(op === "+" ? "add" : "sub", [this.acting(left, vector, turned), this.acting(right, vector, turned)]);
      }
      if (this.rank(left) !== 2 || this.rank(right) !== 2) {
        const [matrix, scale] = this.rank(left) === 2 ? [left, right] : [right, left];
        return this.elementwise(op === "/" ? "div" : "mul", [this.acting(matrix, vector, turned), this.value(scale)]);
      }
    }
    const matrix = this.value(node);
    return this.make("act", [matrix, vector], [matrix.shape[turned ? 1 : 0]], { turned });
  }

  /** A dense matrix of parameters. */
  matrix(node, turned = false) {
    const name = node.kind === "name" ? `${node.id}${turned ? ".T" : ""}` : node;
    const shape = this.matrixShape(node);
    return this.constant(turned && node.kind !== "name" ? { node } : name, turned ? [...shape].reverse() : shape,
      turned ? { kind: "turned", inner: node } : node);
  }

  matrixShape(node) {
    switch (node.kind) {
      case "name":
        if (node.id === "I") return [this.number(this.cell.identities.get(node)), this.number(this.cell.identities.get(node))];
        return this.parameterShape(node.id);
      case "turned": return [...this.matrixShape(node.inner)].reverse();
      case "neg": return this.matrixShape(node.inner);
      case "call": return [this.sizeOf(node.args[0]), this.sizeOf(node.args[0])];
      default:
        if (node.op === "@") return [this.matrixShape(node.left)[0], this.matrixShape(node.right)[1]];
        return this.matrixShape(this.isMatrix(node.left) ? node.left : node.right);
    }
  }

  /** How many components a vector of parameters has. */
  sizeOf(node) {
    for (const n of below(node)) if (isBare(n) && this.cell.kinds.get(n.id) === "vector") return this.parameterShape(n.id)[0];
    return 1;
  }

  /** A matrix times a matrix, one of which changes with the step. */
  between(left, right) {
    if (isSum(right)) {
      return this.elementwise(right.op === "+" ? "add" : "sub", [this.between(left, right.left), this.between(left, right.right)]);
    }
    if (right.kind === "neg") return this.elementwise("neg", [this.between(left, right.inner)]);
    if (right.kind === "bin" && right.op !== "@" && this.rank(right.left) !== this.rank(right.right)) {
      const [matrix, scale] = this.rank(right.left) === 2 ? [right.left, right.right] : [right.right, right.left];
      return this.elementwise(right.op === "/" ? "div" : "mul", [this.between(left, matrix), this.value(scale)]);
    }
    if (isSum(left)) {
      return this.elementwise(left.op === "+" ? "add" : "sub", [this.between(left.left, right), this.between(left.right, right)]);
    }
    if (left.kind === "bin" && left.op !== "@" && this.rank(left.left) !== this.rank(left.right)) {
      const [matrix, scale] = this.rank(left.left) === 2 ? [left.left, left.right] : [left.right, left.left];
      return this.elementwise(left.op === "/" ? "div" : "mul", [this.between(matrix, right), this.value(scale)]);
    }
    const is = (node, name) => node.kind === "call" && node.name === name;
    if (is(right, "outer")) return this.outer(this.acting(left, this.value(right.args[0]), false), this.value(right.args[1]));
    if (is(left, "outer")) return this.outer(this.value(left.args[0]), this.acting(right, this.value(left.args[1]), true));
    if (right.kind === "name" && right.id === "I") return this.value(left);
    if (left.kind === "name" && left.id === "I") return this.value(right);
    if (is(right, "diag")) {
      const value = this.value(left);
      return this.elementwise("mul", [value, this.make("across", [this.value(right.args[0])], value.shape)]);
    }
    if (is(left, "diag")) {
      const value = this.value(right);
      return this.elementwise("mul", [value, this.make("down", [this.value(left.args[0])], value.shape)]);
    }
    if (this.isMatrix(right) && !hasVariable(right)) {
      const value = this.value(left), matrix = this.matrix(right);
      return this.make("fromright", [matrix, value], [value.shape[0], matrix.shape[1]]);
    }
    if (this.isMatrix(left) && !hasVariable(left)) {
      const value = this.value(right), matrix = this.matrix(left);
      return this.make("fromleft", [matrix, value], [matrix.shape[0], value.shape[1]]);
    }
    throw faultAt(left, "two matrices of the step are multiplied here; write one of them as what it is made of");
  }
}

/** The value of a number, its negative or a ratio of numbers; null for anything else. */
function constantOf(node) {
  if (node.kind === "num") return node.value;
  if (node.kind === "neg") {
    const inner = constantOf(node.inner);
    return inner === null ? null : -inner;
  }
  if (node.kind === "bin" && node.op === "/") {
    const [above, below_] = [constantOf(node.left), constantOf(node.right)];
    return above === null || !below_ ? null : above / below_;
  }
  return null;
}
