"use strict";
/* Sizes by unification: every vector and matrix of a cell gets a symbolic shape. */

/** Size variables, each free or bound to a sum of others. A size is a list of variables. */
class Sizes {
  constructor(lines, ranks, kinds, inputs) {
    Object.assign(this, { lines, ranks, kinds, inputs, bound: new Map(), count: 0 });
    const timed = [...lines.keys(), ...inputs];
    const vectors = [...kinds].filter(([, kind]) => kind === "vector").map(([name]) => name);
    this.vectors = new Map([...timed.filter((n) => ranks.name(n) === 1), ...vectors].map((n) => [n, this.fresh()]));
    this.values = new Map(timed.filter((n) => ranks.name(n) === 2).map((n) => [n, [this.fresh(), this.fresh()]]));
    this.matrices = new Map([...kinds].filter(([, k]) => k === "matrix").map(([n]) => [n, [this.fresh(), this.fresh()]]));
    this.identities = new Map();
    for (const line of lines.values()) this.equation(line);
  }

  fresh() {
    this.count += 1;
    return [this.count];
  }

  resolved(size) {
    return size.flatMap((v) => (this.bound.has(v) ? this.resolved(this.bound.get(v)) : [v])).sort((a, b) => a - b);
  }

  unify(one, other) {
    let left = this.resolved(one), right = this.resolved(other);
    for (const v of [...left]) {
      const at = right.indexOf(v);
      if (at < 0) continue;
      left.splice(left.indexOf(v), 1);
      right.splice(at, 1);
    }
    if (!left.length && !right.length) return true;
    if (!left.length || !right.length) return false;
    if (right.length === 1) [left, right] = [right, left];
    if (left.length === 1) this.bound.set(left[0], right);
    else if (left.length === right.length) return left.every((v, i) => this.unify([v], [right[i]]));
    else return false;
    return true;
  }

  equal(node, one, other, what) {
    if (this.unify(one, other)) return;
    const letters = this.letters(), shown = (s) => this.resolved(s).map((v) => letters.get(v)).join(" + ");
    throw faultAt(node, `sizes do not fit: ${what} ${shown(one)} and ${shown(other)}`);
  }

  equation({ name, right }) {
    if (this.values.has(name)) {
      this.sameShape(right, this.values.get(name), this.shape(right));
      return;
    }
    const size = this.size(right);
    if (size && this.vectors.has(name)) this.equal(right, this.vectors.get(name), size, "the two sides have");
  }

  isMatrix(node) {
    return isParameterMatrix(node, this.kinds);
  }

  rank(node) {
    return this.isMatrix(node) ? 2 : Math.max(this.ranks.of(node), 0);
  }

  size(node) {
    switch (node.kind) {
      case "name":
        if (this.values.has(node.id)) throw faultAt(node, `${node.id} is a matrix where a vector is expected`);
        return this.vectors.get(node.id) ?? null;
      case "bin":
        if (node.op === "@") return this.product(node);
        if (this.isMatrix(node.left) || this.isMatrix(node.right)) {
          throw faultAt(node, "this matrix has no vector to act on; write A @ v");
        }
        return this.same(node, node.left, node.right);
      case "neg": return this.size(node.inner);
      case "turned": throw faultAt(node, "a transposed matrix may stand only left of @");
      case "list": throw faultAt(node, "a concatenation may stand only to the right of @, as in W @ [h[t-1], x[t]]");
      case "call": return this.called(node);
      default: return null;
    }
  }

  called(node) {
    const { name, args } = node;
    if (TO_NUMBER.includes(name)) {
      const sizes = args.map((a) => this.vectorSize(a, name));
      if (sizes.length === 2) this.equal(node, sizes[0], sizes[1], "the two vectors have");
      return null;
    }
    if (MIXING.includes(name)) return this.vectorSize(args[0], name);
    if (name === "max" || name === "min") return this.same(node, ...args);
    if (name === "diag" || name === "outer") throw faultAt(node, `${name}(…) is a matrix; write ${name}(…) @ h[t-1]`);
    return this.size(args[0]);
  }

  same(node, left, right) {
    const one = this.size(left), other = this.size(right);
    if (one && other) this.equal(node, one, other, "the two sides have");
    return one ?? other;
  }

  vectorSize(node, name) {
    if (this.rank(node) === 2) throw faultAt(node, `${name} takes a vector, and this is a matrix`);
    const size = this.size(node);
    if (!size) throw faultAt(node, `${name} takes a vector, and this is a number`);
    return size;
  }

  product(node) {
    const { left, right } = node;
    const row = this.rank(left) === 1 && this.rank(right) === 2;
    const [matrix, vector] = row ? [right, left] : [left, right];
    const shape = this.shape(matrix), [outer, inner] = row ? [shape[1], shape[0]] : shape;
    const size = vector.kind === "list" ? vector.parts.flatMap((p) => this.stackable(p)) : this.size(vector);
    if (!size) throw faultAt(vector, "a matrix acts on a vector, and this is a number");
    this.equal(node, inner, size, "a matrix and the vector that it acts on have");
    return outer;
  }

  stackable(part) {
    const size = this.size(part);
    if (!size) throw faultAt(part, "a number cannot be stacked in [a, b]");
    return size;
  }

  sameShape(node, one, other) {
    this.equal(node, one[0], other[0], "the rows are");
    this.equal(node, one[1], other[1], "the columns are");
    return one;
  }

  shape(node) {
    const changing = this.ranks.isValue(node);
    if (node.kind === "name") {
      if (node.id === "I") {
        if (!this.identities.has(node)) this.identities.set(node, this.fresh());
        return [this.identities.get(node), this.identities.get(node)];
      }
      const known = this.matrices.get(node.id) ?? this.values.get(node.id);
      if (known) return known;
    } else if (node.kind === "turned") return [...this.shape(node.inner)].reverse();
    else if (node.kind === "neg") return this.shape(node.inner);
    else if (node.kind === "call") {
      if (node.name === "outer") return node.args.map((a) => this.vectorSize(a, "outer"));
      if (node.name === "diag") {
        const size = this.vectorSize(node.args[0], "diag");
        return [size, size];
      }
      if (changing) return this.shape(node.args[0]);
    } else if (node.kind === "bin") {
      const { left, right } = node;
      if (node.op === "@") {
        const one = this.shape(left), other = this.shape(right);
        this.equal(node, one[1], other[0], "columns and rows are");
        return [one[0], other[1]];
      }
      const ranks = [this.rank(left), this.rank(right)];
      if (isSum(node)) {
        if (changing && ranks.includes(0)) throw faultAt(node, "a number is added to a matrix here");
        return this.sameShape(node, this.shape(left), this.shape(right));
      }
      const both = ranks[0] === 2 && ranks[1] === 2;
      if (changing && both) return this.sameShape(node, this.shape(left), this.shape(right));
      if (ranks.includes(1)) throw faultAt(node, "a matrix may be multiplied only by a number; for a vector write diag(v) @ A");
      if (!both && ranks.includes(2) && !(node.op === "/" && ranks[1] === 2)) {
        this.size(ranks[0] === 2 ? right : left);
        return this.shape(ranks[0] === 2 ? left : right);
      }
    }
    throw faultAt(node, "a matrix is expected here: a name, a sum, A.T, a multiple 2 * A, I or diag(v)");
  }

  sizesOf(name) {
    return this.vectors.has(name) ? [this.vectors.get(name)] : this.values.get(name) ?? [];
  }

  /** A letter for each free variable: n of the first equation, m of the inputs, then p, q, … */
  letters() {
    const first = [...this.lines.keys()].find((name) => this.sizesOf(name).length);
    const firsts = (first ? this.sizesOf(first) : []).map((s) => this.resolved(s).join());
    const inputs = this.inputs.flatMap((name) => this.sizesOf(name));
    const hasM = inputs.some((s) => !firsts.includes(this.resolved(s).join()));
    const names = hasM ? LETTERS : ["n", ...LETTERS.slice(2)];
    const ordered = [...(first ? this.sizesOf(first) : []), ...inputs, ...this.vectors.values(),
      ...[...this.values.values(), ...this.matrices.values()].flat(), ...this.identities.values()];
    const letters = new Map();
    for (const v of ordered.flatMap((size) => this.resolved(size))) {
      if (!letters.has(v)) letters.set(v, names[letters.size] ?? `d_${letters.size}`);
    }
    return letters;
  }
}

/** Whether a node is a matrix of parameters, not a vector or a number. */
function isParameterMatrix(node, kinds) {
  const is = (n) => isParameterMatrix(n, kinds);
  switch (node.kind) {
    case "name": return node.lag === null && (node.id === "I" || kinds.get(node.id) === "matrix");
    case "turned": return true;
    case "call": return node.name === "diag";
    case "bin": return node.op === "@" ? is(node.left) && is(node.right) : is(node.left) || is(node.right);
    case "neg": return is(node.inner);
    default: return false;
  }
}
