"use strict";
/* The language of equations: a text becomes a program.
 *
 * `readCell(text)` gives { names, states, inputs, gates, parameters, equations, sizes } in which
 * every name has a rank and symbolic sizes, or throws a `Fault` with line, column and a caret.
 * It knows no numbers; engine.js does. */

const GREEK = new Set(("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi " +
  "omicron pi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma " +
  "Upsilon Phi Psi Omega").split(" "));
const SPELLINGS = { lamda: "lambda", lam: "lambda", Lamda: "Lambda", eps: "epsilon" };
const TO_NUMBER = ["dot", "sum", "mean", "norm"];
const MIXING = ["softmax", "layer_norm", "rms_norm"];
const PAIRS = ["dot", "outer", "max", "min"];
const LETTERS = ["n", "m", "p", "q", "k", "l", "r", "s", "u", "v", "w"];
const NUMBER = -1;

/** A fault in a text: what is wrong, where, and the line with a caret below it. */
class Fault extends Error {
  constructor(message, line = 1, column = 0, length = 1) {
    super(message);
    Object.assign(this, { line, column, length });
  }

  /** The message as a compiler would show it. */
  shown(text) {
    const source = text.split("\n")[this.line - 1] ?? "";
    const caret = " ".repeat(this.column) + "^".repeat(Math.max(1, this.length));
    return `line ${this.line}, column ${this.column + 1}: ${this.message}\n    ${source}\n    ${caret}`;
  }
}

const faultAt = (node, message) =>
  new Fault(message, node.line, node.column, node.length ?? 1);

/** The nearest known name, for a mend. */
function nearest(name, known) {
  const distance = (a, b) => {
    const row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      let last = row[0];
      row[0] = i;
      for (let j = 1; j <= b.length; j++) {
        const kept = row[j];
        row[j] = Math.min(row[j] + 1, row[j - 1] + 1, last + (a[i - 1] === b[j - 1] ? 0 : 1));
        last = kept;
      }
    }
    return row[b.length];
  };
  const sorted = [...known].map((k) => [distance(name, k), k]).sort((a, b) => a[0] - b[0]);
  const best = sorted[0];
  return best && best[0] <= Math.max(1, name.length / 3) ? `; did you mean ${best[1]}?` : "";
}

/** Whether a parameter of this name is a number by the convention of the field. */
function isScalarName(name) {
  let base = name.split("_").find(Boolean) ?? name;
  const layered = /^([A-Za-z]+)[0-9]+$/.exec(base);
  if (layered && GREEK.has(SPELLINGS[layered[1]] ?? layered[1])) base = layered[1];
  return GREEK.has(SPELLINGS[base] ?? base);
}

// -- from characters to trees -----------------------------------------------------------------

const TOKEN = /([ \t\r]+)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z_0-9]*)|(\.T\b)|(\*\*|[-+*/@])|([([])|([)\]])|(,)|(=)/y;
const KINDS = ["space", "number", "name", "transpose", "operator", "open", "close", "comma", "equals"];
const INSTEAD = { "⊙": "write *", "·": "write *", "×": "write *", "σ": "write sigmoid(…)",
  "−": "write -", "²": "write **2", "^": "a power is written **", "\\": "equations are not LaTeX",
  ";": "each equation has a line of its own" };

function tokensOf(text) {
  const lines = text.split("\n"), found = [];
  let depth = 0;
  lines.forEach((line, index) => {
    const code = line.replace(/#.*/, "").trimEnd();
    const before = found.length;
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < code.length;) {
      const column = TOKEN.lastIndex, match = TOKEN.exec(code);
      if (!match) {
        const mend = INSTEAD[code[column]] ?? "leave it out";
        throw new Fault(`'${code[column]}' is not in the language; ${mend}`, index + 1, column);
      }
      const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
      if (kind === "space") continue;
      depth += kind === "open" ? 1 : kind === "close" ? -1 : 0;
      if (depth < 0) {
        throw new Fault(`'${match[0]}' closes no bracket; leave it out`, index + 1, column);
      }
      found.push({ kind, text: match[0], line: index + 1, column, length: match[0].length });
    }
    if (found.length > before && depth === 0) {
      found.push({ kind: "end", text: "", line: index + 1, column: code.length, length: 1 });
    }
  });
  if (depth > 0) {
    const opened = [];
    for (const token of found) {
      if (token.kind === "open") opened.push(token);
      if (token.kind === "close") opened.pop();
    }
    throw faultAt(opened[0], `'${opened[0].text}' is never closed`);
  }
  return found;
}

const BINDS = { "+": 1, "-": 1, "*": 2, "/": 2, "@": 2 };

/** Reads tokens into trees: num, name (with lag), bin, neg, turned (.T), call, list. */
class Reader {
  constructor(text, functions) {
    this.tokens = tokensOf(text);
    this.place = 0;
    this.functions = functions;
    this.depth = 0;
  }

  get next() {
    return this.tokens[this.place] ?? { kind: "end", text: "", line: 1, column: 0, length: 1 };
  }

  take(kind, text) {
    const token = this.next;
    if (token.kind !== kind || (text && token.text !== text)) return null;
    this.place += 1;
    return token;
  }

  expect(kind, text, message) {
    const token = this.take(kind, text);
    if (!token) throw faultAt(this.next, message);
    return token;
  }

  lines() {
    const lines = new Map();
    while (this.place < this.tokens.length) {
      const line = this.equation();
      if (lines.has(line.name)) {
        const first = lines.get(line.name).target.line;
        throw faultAt(line.target, `'${line.name}' is already defined in line ${first}`);
      }
      lines.set(line.name, line);
    }
    if (!lines.size) {
      throw new Fault("there is no equation here; expected one such as h[t] = tanh(U @ h[t-1] + b)");
    }
    return lines;
  }

  equation() {
    const first = this.next;
    if (first.kind !== "name") throw faultAt(first, "an equation starts with the name that it defines, as h[t] = …");
    const target = this.reference();
    this.expect("equals", null, "expected '=' after the name that is defined, as h[t] = …");
    if (target.lag === 1) throw faultAt(target, `the past cannot be defined; write ${target.id}[t] = …`);
    if (target.id === "I" || target.id === "t") throw faultAt(target, `'${target.id}' cannot be defined`);
    if (this.isFunction(target.id)) throw faultAt(target, `'${target.id}' is a function and cannot be defined`);
    const right = this.expression(0);
    const end = this.next;
    if (end.kind !== "end") {
      const message = end.kind === "equals" ? "a second '='; an equation has one, and a line of its own"
        : `expected an operator before '${end.text}': * multiplies component by component, @ is a matrix times a vector`;
      throw faultAt(end, message);
    }
    this.place += 1;
    return { name: target.id, target, right };
  }

  isFunction(name) {
    return this.functions[name]?.language || TO_NUMBER.includes(name) || MIXING.includes(name) ||
      ["max", "min", "outer", "diag", "identity"].includes(name);
  }

  expression(least) {
    if (++this.depth > 200) throw faultAt(this.next, "this equation is too long; give its parts names");
    let left = this.unary();
    for (;;) {
      const token = this.next, binds = token.kind === "operator" ? BINDS[token.text] : 0;
      if (!binds || binds <= least) break;
      this.place += 1;
      const right = this.expression(binds);
      left = { kind: "bin", op: token.text, left, right, ...spanOf(left, right) };
    }
    this.depth -= 1;
    return left;
  }

  unary() {
    const sign = this.take("operator", "-") ?? this.take("operator", "+");
    if (!sign) return this.power();
    const inner = this.unary();
    if (sign.text === "+") return inner;
    return { kind: "neg", inner, ...spanOf(sign, inner) };
  }

  power() {
    const base = this.postfix();
    if (!this.take("operator", "**")) return base;
    const exponent = this.unary();
    return { kind: "bin", op: "**", left: base, right: exponent, ...spanOf(base, exponent) };
  }

  postfix() {
    let value = this.atom();
    for (let dot = this.take("transpose"); dot; dot = this.take("transpose")) {
      value = { kind: "turned", inner: value, ...spanOf(value, dot) };
    }
    return value;
  }

  atom() {
    const token = this.next;
    if (token.kind === "number") {
      this.place += 1;
      return { kind: "num", value: Number(token.text), ...spanOf(token, token) };
    }
    if (token.kind === "open") {
      this.place += 1;
      const parts = this.parts();
      const close = this.closing(token);
      if (token.text === "(" && parts.length > 1) throw faultAt(token, "a comma makes no vector; concatenate with [a, b]");
      return token.text === "(" ? parts[0] : { kind: "list", parts, ...spanOf(token, close) };
    }
    if (token.kind !== "name") {
      throw faultAt(token, token.kind === "end" ? "the line ends where an expression was expected"
        : `expected a name, a number or '(', found '${token.text}'`);
    }
    const after = this.tokens[this.place + 1];
    return after?.kind === "open" && after.text === "(" ? this.call() : this.reference();
  }

  parts() {
    const parts = [this.expression(0)];
    while (this.take("comma")) parts.push(this.expression(0));
    return parts;
  }

  closing(open) {
    const wanted = open.text === "(" ? ")" : "]";
    return this.expect("close", wanted, `expected '${wanted}' that closes the '${open.text}' of line ${open.line}, column ${open.column + 1}`);
  }

  call() {
    const name = this.take("name"), open = this.take("open"), args = this.parts();
    const close = this.closing(open);
    if (!this.isFunction(name.text)) {
      if (args[0].kind === "name" && args[0].id === "t") {
        throw faultAt(name, `a time stands in square brackets, as ${name.text}[t]`);
      }
      const known = [...Object.keys(this.functions), ...TO_NUMBER, ...MIXING];
      throw faultAt(name, `'${name.text}' is not a function${nearest(name.text, known)}`);
    }
    const constant = this.functions[name.text]?.k !== undefined || name.text.endsWith("_norm");
    const least = PAIRS.includes(name.text) ? 2 : 1, most = constant ? 2 : least;
    if (args.length < least || args.length > most) {
      throw faultAt(name, `${name.text} takes ${least === 2 ? "two arguments" : "one argument"}`);
    }
    return { kind: "call", name: name.text, args, ...spanOf(name, close) };
  }

  reference() {
    const name = this.take("name");
    if (!(this.next.kind === "open" && this.next.text === "[")) {
      if (this.isFunction(name.text)) throw faultAt(name, `'${name.text}' is a function; give it an argument: ${name.text}(…)`);
      return { kind: "name", id: name.text, lag: null, ...spanOf(name, name) };
    }
    const open = this.take("open");
    const time = this.take("name");
    if (time?.text !== "t") throw faultAt(this.tokens[this.place - (time ? 1 : 0)] ?? open, "the time is written [t] or [t-1]");
    let lag = 0;
    const sign = this.take("operator");
    if (sign) {
      const back = this.take("number");
      if (sign.text !== "-" || back?.text !== "1") {
        throw faultAt(sign, sign.text === "+" ? `${name.text} is not known in the future; only [t] and [t-1] are allowed`
          : `only [t] and [t-1] are allowed; keep an earlier value as a state of its own, ${name.text}_before[t] = ${name.text}[t-1]`);
      }
      lag = 1;
    }
    const close = this.expect("close", "]", "the time is written [t] or [t-1]");
    return { kind: "name", id: name.text, lag, ...spanOf(name, close) };
  }
}

function spanOf(first, last) {
  const length = last.line === first.line ? last.column + last.length - first.column : first.length;
  return { line: first.line, column: first.column, length };
}

/** All nodes of a tree, the root first. */
function* below(node) {
  yield node;
  for (const child of childrenOf(node)) yield* below(child);
}

function childrenOf(node) {
  switch (node.kind) {
    case "bin": return [node.left, node.right];
    case "neg": case "turned": return [node.inner];
    case "call": return node.args;
    case "list": return node.parts;
    default: return [];
  }
}

const hasVariable = (node) => [...below(node)].some((n) => n.kind === "name" && n.lag !== null);
const isBare = (node) => node.kind === "name" && node.lag === null;
const isSum = (node) => node.kind === "bin" && (node.op === "+" || node.op === "-");
const isTimed = (node) => node.kind === "name" && node.lag !== null;

// -- what each name is ------------------------------------------------------------------------

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
    if (node.id === "t") throw faultAt(node, "'t' is the time; it stands in brackets only, as h[t]");
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

// -- sizes by unification ---------------------------------------------------------------------

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
        if (this.values.has(node.id)) throw faultAt(node, `${node.id} is a matrix, and here a vector stands`);
        return this.vectors.get(node.id) ?? null;
      case "bin":
        if (node.op === "@") return this.product(node);
        if (this.isMatrix(node.left) || this.isMatrix(node.right)) {
          throw faultAt(node, "a matrix stands here without a vector to act on; write A @ v");
        }
        return this.same(node, node.left, node.right);
      case "neg": return this.size(node.inner);
      case "turned": throw faultAt(node, "a transposed matrix stands left of @ only");
      case "list": throw faultAt(node, "a concatenation stands beside @ only, as W @ [h[t-1], x[t]]");
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
      if (ranks.includes(1)) throw faultAt(node, "a matrix is multiplied by a number only; for a vector write diag(v) @ A");
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

/** Reads a text. `functions` is the table of functions that act component by component. */
function readCell(text, functions) {
  const lines = sorted(timed(new Reader(text, functions).lines()));
  const ranks = new Ranks(lines);
  const { states, inputs, kinds } = classify(lines, ranks);
  const sizes = new Sizes(lines, ranks, kinds, inputs), letters = sizes.letters();
  const shown = (size) => sizes.resolved(size).map((v) => letters.get(v));
  const shapes = new Map([...lines.keys(), ...inputs].map((n) => [n, sizes.sizesOf(n).map(shown)]));
  const parameters = new Map([...kinds].map(([name, kind]) => [name, {
    kind, shape: (kind === "matrix" ? sizes.matrices.get(name) : sizes.sizesOf(name)).map(shown),
  }]));
  const identities = new Map([...sizes.identities].map(([node, size]) => [node, shown(size)]));
  const gates = [...lines.keys()].filter((name) => !states.includes(name));
  return { lines, ranks, kinds, states, inputs, gates, shapes, parameters, identities,
    letters: [...new Set(letters.values())] };
}

/** Writes [t] behind the names of equations that stand without it. */
function timed(lines) {
  for (const { right } of lines.values()) {
    for (const node of below(right)) if (isBare(node) && lines.has(node.id)) node.lag = 0;
  }
  return lines;
}
