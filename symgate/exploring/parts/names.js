"use strict";
/* What each name of a cell is: its rank, and whether it is a state, an input, a matrix, a vector
 * or a number. Nothing is declared; all follows from how names are used. */

/** The ranks of names with a time: the least that agree with the equations. */
class Ranks {
  constructor(lines) {
    this.lines = lines;
    const nodes = [...lines.values()].flatMap((line) => [...below(line.right)]);
    const named = nodes.filter((n) => isTimed(n) && !lines.has(n.id)).map((n) => n.id).sort();
    this.inputs = new Map(named.map((name) => [name, 1]));
    this.targets = new Map();
    for (let i = 0; i < this.inputs.size + 2; i++) {
      this.settle();
      if (!nodes.map((node) => this.toldBy(node)).some(Boolean)) break;
    }
  }

  name(id) {
    return this.targets.get(id) ?? this.inputs.get(id) ?? 1;
  }

  settle() {
    for (const name of this.lines.keys()) this.targets.set(name, NUMBER);
    this.climb();
    if (![...this.targets.values()].includes(NUMBER)) return;
    for (const [name, rank] of this.targets) if (rank === NUMBER) this.targets.set(name, 1);
    this.climb();
  }

  climb() {
    for (let changed = true; changed;) {
      changed = false;
      for (const [name, line] of this.lines) {
        const rank = Math.max(this.targets.get(name), this.of(line.right));
        if (rank !== this.targets.get(name)) {
          this.targets.set(name, rank);
          changed = true;
        }
      }
    }
  }

  toldBy(node) {
    if (node.kind !== "bin") return false;
    const { left, right } = node;
    if (node.op === "@") return hasVariable(right) && isTimed(left) && this.tell(left, 2);
    const pairs = [[left, right], [right, left]];
    if (node.op === "*") return pairs.map(([a, b]) => this.of(b) === 2 && this.tell(a, 0)).some(Boolean);
    if (!isSum(node)) return false;
    return pairs.map(([a, b]) => [0, 2].includes(this.of(b)) && this.tell(a, this.of(b))).some(Boolean);
  }

  tell(node, rank) {
    if (!isTimed(node) || (this.inputs.get(node.id) ?? rank) === rank) return false;
    if (rank === 2 && this.inputs.get(node.id) !== 1) return false;
    this.inputs.set(node.id, rank);
    return true;
  }

  of(node) {
    switch (node.kind) {
      case "name":
        if (node.lag !== null) return this.name(node.id);
        return node.id === "I" ? 2 : isScalarName(node.id) ? NUMBER : 1;
      case "bin":
        if (node.op === "@") return this.product(node.left, node.right);
        if (isSum(node)) return this.sum(node);
        return Math.max(this.of(node.left), this.of(node.right));
      case "neg": return this.of(node.inner);
      case "list": return 1;
      case "turned": return hasVariable(node.inner) ? this.of(node.inner) : 2;
      case "call":
        if (TO_NUMBER.includes(node.name)) return 0;
        if (node.name === "outer" || node.name === "diag") return 2;
        if (MIXING.includes(node.name)) return 1;
        return Math.max(NUMBER, ...node.args.map((a) => this.of(a)));
      default: return NUMBER;
    }
  }

  product(left, right) {
    if (left.kind === "list" || right.kind === "list") return 1;
    const one = this.of(left), other = this.of(right);
    if (hasVariable(left) && one !== 2) return 1;
    if (!hasVariable(right) && isVectorName(right)) return one === 2 && /^[A-Z]/.test(right.id) ? 2 : 1;
    return Math.max(other, 1);
  }

  sum(node) {
    const parts = [...summands(node)];
    const told = parts.filter((p) => !isVectorName(p)).map((p) => [this.of(p), p])
      .filter(([rank, p]) => rank < 2 || hasVariable(p)).map(([rank]) => rank);
    if (told.some((rank) => rank >= 0)) return Math.max(...told);
    const rest = parts.filter((p) => !told.length || isVectorName(p)).map((p) => this.of(p));
    return Math.max(NUMBER, ...told, ...rest);
  }

  /** Whether an expression is a matrix that changes with the step. */
  isValue(node) {
    return this.of(node) === 2 && [...below(node)].some((n) =>
      (n.kind === "call" && n.name === "outer") || (isTimed(n) && this.of(n) === 2));
  }
}

const isVectorName = (node) => isBare(node) && node.id !== "I" && !isScalarName(node.id);

function* summands(node) {
  if (isSum(node)) {
    yield* summands(node.left);
    yield* summands(node.right);
  } else if (node.kind === "neg") yield* summands(node.inner);
  else yield node;
}

/** Where each name stands, and as what: vector, matrix, scale or diagonal. */
class Uses {
  constructor(ranks) {
    this.ranks = ranks;
    this.found = [];
  }

  walk(node, role, enters = 0) {
    if (node.kind === "name") {
      this.found.push({ node, role, enters });
      return;
    }
    if (node.kind === "bin") this.pair(node, role, enters);
    else if (node.kind === "neg") this.walk(node.inner, role, enters);
    else if (node.kind === "turned") this.walk(node.inner, "matrix", enters);
    else if (node.kind === "list") node.parts.forEach((part) => this.walk(part, "vector", enters));
    else if (node.kind === "call") {
      const inside = node.name === "diag" ? "diagonal" : role === "scale" ? "scale" : "vector";
      const mixes = [...TO_NUMBER, ...MIXING, "outer"].includes(node.name);
      node.args.forEach((a) => this.walk(a, inside, mixes ? Math.max(enters, 1) : enters));
    }
  }

  pair(node, role, enters) {
    const { op, left, right } = node;
    const isMatrix = (n) => !(n.kind === "name") && this.ranks.of(n) === 2;
    if (op === "@") this.product(left, right, role);
    else if ((op === "*" || op === "/") && role === "matrix") {
      for (const [factor, scale] of this.scaled(left, right, isMatrix)) {
        this.walk(factor, scale ? "scale" : "matrix", enters);
      }
    } else if (op === "*" && isMatrix(node)) {
      for (const [factor, other] of [[left, right], [right, left]]) {
        this.walk(factor, isBare(factor) && isMatrix(other) ? "scale" : role, enters);
      }
    } else if (isSum(node)) {
      const beside = role === "vector" && this.ranks.of(node) === 0 ? "scale" : role;
      for (const part of [left, right]) this.walk(part, isBare(part) ? beside : role, enters);
    } else {
      this.walk(left, role, enters);
      this.walk(right, role, enters);
    }
  }

  product(left, right, role) {
    if (this.ranks.isValue(left) || this.ranks.isValue(right)) {
      for (const side of [left, right]) {
        const matrix = hasVariable(side) ? this.ranks.of(side) === 2
          : side === left || side.kind !== "name" || /^[A-Z]/.test(side.id);
        this.walk(side, matrix ? "matrix" : "vector", 1);
      }
      return;
    }
    const row = role !== "matrix" && holdsVariable(left);
    this.walk(left, row ? "vector" : "matrix", row ? 2 : 0);
    this.walk(right, row || role === "matrix" ? "matrix" : "vector", row ? 0 : 2);
  }

  scaled(left, right, isMatrix) {
    if (isMatrix(left) || isMatrix(right)) return [left, right].map((s) => [s, this.ranks.of(s) !== 2]);
    const one = mayBeScale(left);
    return [[left, one], [right, !one && mayBeScale(right)]];
  }
}

/** Whether a node left of `@` is a vector: it holds a state, gate or input outside diag(…). */
function holdsVariable(node) {
  if (node.kind === "call" && node.name === "diag") return false;
  if (isTimed(node) || node.kind === "list") return true;
  return childrenOf(node).some(holdsVariable);
}

const mayBeScale = (node) => [...below(node)].every((n) =>
  !(n.kind === "turned" || (n.kind === "bin" && n.op === "@") || isTimed(n) ||
    (n.kind === "name" && /^[A-Z]/.test(n.id) && !isScalarName(n.id))));

/** What the names of a text are: targets, states, inputs, and the kind of each parameter. */
function classify(lines, ranks) {
  const uses = new Uses(ranks);
  for (const line of lines.values()) uses.walk(line.right, "vector");
  const states = [], inputs = [], roles = new Map(), kinds = new Map();
  const note = (list, name) => list.includes(name) || list.push(name);
  for (const { node, role } of uses.found.filter((use) => use.node.lag !== null)) {
    const fits = { matrix: 2, scale: 0 }[role];
    if (fits !== undefined && ranks.name(node.id) !== fits) {
      throw faultAt(node, `${node.id}[t${node.lag ? "-1" : ""}] is a vector, and here a ${fits ? "matrix" : "number"} is expected: ` +
        "@ stands between a matrix and a vector, * between two vectors");
    }
    if (node.lag === 1 && !lines.has(node.id)) {
      throw faultAt(node, `${node.id}[t-1] is used, but no line defines ${node.id}[t]${nearest(node.id, lines.keys())}`);
    }
    if (node.lag === 1) note(states, node.id);
    else if (!lines.has(node.id)) note(inputs, node.id);
  }
  if (!states.length) {
    const line = [...lines.values()].at(-1);
    throw faultAt(line.target, `there is no state: nothing is used at [t-1]; a recurrent cell needs one, as ${line.name}[t] = tanh(W @ x[t] + U @ ${line.name}[t-1])`);
  }
  checkInputs(uses.found, inputs, lines);
  for (const { node, role } of uses.found.filter((use) => use.node.lag === null && use.node.id !== "I")) {
    if (inputs.includes(node.id)) throw faultAt(node, `${node.id} is an input; write ${node.id}[t]`);
    if (node.id === "t") throw faultAt(node, "'t' is the time; it may stand only in brackets, as in h[t]");
    if (!roles.has(node.id)) roles.set(node.id, new Map());
    if (!roles.get(node.id).has(role)) roles.get(node.id).set(role, node);
  }
  for (const [name, found] of roles) {
    const other = [...found].find(([role]) => role !== "matrix");
    if (found.has("matrix") && other) {
      throw faultAt(other[1], `'${name}' is a ${other[0] === "scale" ? "number" : "vector"} here and a matrix in line ${found.get("matrix").line}; use two names`);
    }
    const scalar = found.has("scale") || isScalarName(name);
    kinds.set(name, found.has("matrix") ? "matrix" : found.has("diagonal") || !scalar ? "vector" : "scalar");
  }
  return { states, inputs, kinds };
}

/** A name that no matrix acts on, beside an input that one does, is a forgotten gate. */
function checkInputs(uses, inputs, lines) {
  const at = (level) => new Set(uses.filter((u) => u.node.lag === 0 && u.enters === level).map((u) => u.node.id));
  const entering = at(2), mixed = at(1), sure = inputs.filter((name) => entering.has(name));
  if (!sure.length) return;
  for (const { node } of uses) {
    if (node.lag === 0 && inputs.includes(node.id) && !entering.has(node.id) && !mixed.has(node.id)) {
      throw faultAt(node, `${node.id}[t] is used, but no line defines it${nearest(node.id, [...lines.keys(), ...sure])} (if it is an input, write I @ ${node.id}[t])`);
    }
  }
}

/** Sorts equations so that each follows those it reads. */
function sorted(lines) {
  const needs = (line) => new Set([...below(line.right)].filter((n) => n.kind === "name" && n.lag === 0 && lines.has(n.id)).map((n) => n.id));
  const waiting = new Map([...lines].map(([name, line]) => [name, needs(line)])), done = new Map();
  while (done.size < lines.size) {
    const ready = [...lines.keys()].find((n) => !done.has(n) && [...waiting.get(n)].every((m) => done.has(m)));
    if (ready === undefined) {
      const stuck = [...lines.values()].find((line) => !done.has(line.name));
      const names = [...waiting.get(stuck.name)].filter((n) => !done.has(n));
      throw faultAt(stuck.target, names.includes(stuck.name)
        ? `${stuck.name}[t] is defined by itself; the earlier value is ${stuck.name}[t-1]`
        : `these equations need each other in the same step: ${stuck.name}, ${names.join(", ")}; one must use a value at [t-1]`);
    }
    done.set(ready, lines.get(ready));
  }
  return done;
}
