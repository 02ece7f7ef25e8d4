"use strict";
/* The rows of ∂of_t pulled back, one step after the other: the exact curve over the lags.
 *
 * Each step is pulled once for all paths: rows carry the names of the gates that they passed, so
 * that the share of every path in a step is known beside the sum. The same pass bounds the
 * norm by the norms of the parts. The product is kept near 1 and its logarithm added up. */

const BESIDE = new Set(["add", "sub", "mul", "div", "neg", "max", "min", "pow", "powc", "apply", "copy"]);
const MOST_PATHS = 24;
const CARRY = "carry", DIRECT = "direct";

/** What is pulled through in one go: a value that is named or mixes components, with all that
 *  acts component by component between it and the next such values, its leaves. */
function rootsOf({ work }) {
  const beside = (r) => r.kind === "work" && BESIDE.has(r.op), roots = new Set();
  for (const r of work) {
    if (r.name !== undefined || !beside(r)) roots.add(r);
    if (!beside(r)) for (const a of r.args) if (a.kind === "work") roots.add(a);
  }
  return work.filter((r) => roots.has(r)).map((root) => {
    if (!beside(root)) return { root, inner: [], leaves: [...root.args], plain: new Set() };
    const inner = new Set([root]), leaves = new Set(), plain = new Set();
    const walk = (r, applied) => {
      const through = applied || r.op === "apply";
      for (const a of r.args) {
        if (beside(a) && !roots.has(a)) {
          inner.add(a);
          walk(a, through);
        } else if (a.kind !== "fixed") {
          leaves.add(a);
          if (!through) plain.add(a);
        }
      }
    };
    walk(root, false);
    return { root, inner: [...inner].sort((a, b) => b.id - a.id), leaves: [...leaves], plain };
  });
}

/** Adds D × ∂r/∂argument to A and B, where there are such; all have L components. */
function sweep(r, D, L, m, o, a, b, A, B) {
  const wide = (x) => (x && x.size === 1 ? 0 : 1), [x, y] = r.args;
  const dO = wide(r), da = wide(x), db = wide(y);
  const add = (to, sign) => {
    if (to) for (let i = 0; i < L; i++) to[i] += sign * D[i];
  };
  switch (r.op) {
    case "add": add(A, 1); add(B, 1); break;
    case "sub": add(A, 1); add(B, -1); break;
    case "neg": add(A, -1); break;
    case "copy": add(A, 1); break;
    case "mul":
      if (A) for (let i = 0; i < L; i++) A[i] += D[i] * m[b + i * db];
      if (B) for (let i = 0; i < L; i++) B[i] += D[i] * m[a + i * da];
      break;
    case "div":
      if (A) for (let i = 0; i < L; i++) A[i] += D[i] / m[b + i * db];
      if (B) for (let i = 0; i < L; i++) B[i] -= D[i] * m[o + i * dO] / m[b + i * db];
      break;
    case "max": case "min": {
      const sign = r.op === "max" ? 1 : -1;
      for (let i = 0; i < L; i++) {
        const to = sign * (m[a + i * da] - m[b + i * db]) > 0 ? A : B;
        if (to) to[i] += D[i];
      }
      break;
    }
    case "pow":
      if (A) for (let i = 0; i < L; i++) A[i] += D[i] * m[b + i * db] * m[a + i * da] ** (m[b + i * db] - 1);
      if (B) for (let i = 0; i < L; i++) B[i] += D[i] * m[o + i * dO] * Math.log(m[a + i * da]);
      break;
    case "powc":
      if (A) for (let i = 0; i < L; i++) A[i] += D[i] * r.exponent * m[a + i * da] ** (r.exponent - 1);
      break;
    case "apply":
      if (A) r.of.pull(D, A, L, m, o, a, dO, da, r.k);
  }
}

/** The way back from `of` to `wrt` through a machine that has been run. */
class Pull {
  constructor(machine, of, wrt) {
    Object.assign(this, { machine, of, wrt, arena: machine.arena, slopesOf: new Map(), t: 0 });
    this.arena.reset(machine.inArena);
    this.weights = this.arena.holds(machine.memory) ? machine.memory : this.arena.take(machine.fixedLength);
    if (this.weights !== machine.memory) this.weights.set(machine.fixed);
    const { cell, compiler } = machine;
    this.isState = cell.states.includes(wrt);
    this.useful = usefulFor(machine, wrt, this.isState);
    this.states = cell.states.filter((s) => this.useful.has(compiler.before.get(s)));
    this.steps = machine.roots.filter(({ root }) => this.useful.has(root)).reverse()
      .map((step) => ({ ...step, leaves: step.leaves.map((leaf) => (this.useful.has(leaf) ? leaf : null)) }));
    this.gates = new Set(cell.gates);
    this.at = (r) => machine.at(r, this.t);
  }

  /** What pulls rows of `starts` through one step: the buffers where they are put, what is done,
   *  in order, and the buffers where they arrive. With `named` they stay apart by path. */
  plan(starts, rows, named) {
    const { machine, at } = this, m = machine.memory, arrived = new Map(), free = new Map(), acts = [];
    const take = (size) => free.get(size)?.pop() ?? this.arena.take(rows * size);
    const put = new Map(starts.map((r) => [r, this.arena.take(rows * r.size)]));
    for (const [r, data] of put) arrived.set(r, new Map([["", data]]));
    const into = (r, key) => {
      if (!arrived.has(r)) arrived.set(r, new Map());
      const paths = arrived.get(r);
      if (!paths.has(key)) {
        const data = take(r.size);
        paths.set(key, data);
        acts.push(() => data.fill(0));
      }
      return paths.get(key);
    };
    for (const { root, inner, leaves, plain } of this.steps) {
      const here = arrived.get(root);
      if (!here) continue;
      const to = (key, leaf) => leaf && into(leaf, this.key(key, root, named, plain.has(leaf), leaf));
      if (inner.length) acts.push((bounds) => this.slopes(root, inner, leaves, bounds));
      else acts.push((bounds) => this.bound(root, leaves, bounds));
      for (const [key, P] of here) {
        const targets = leaves.map((leaf) => to(key, leaf));
        if (!inner.length) acts.push(() => WHOLE[root.op].pull(P, rows, root, m, at, (i) => targets[i], this));
        else {
          leaves.forEach((leaf, i) => {
            const slope = leaf && this.scratch(root, inner, leaves).slopes[i];
            if (leaf) acts.push(() => this.scaled(targets[i], P, slope, rows, root.size, leaf.size));
          });
        }
      }
      if (root.name === this.wrt) continue;
      for (const data of here.values()) if (data !== put.get(root)) free.set(root.size, [...(free.get(root.size) ?? []), data]);
    }
    return { put, acts, arrived };
  }

  /** to += P × slope: by components, or summed up where the leaf is a number. */
  scaled(to, P, slope, rows, size, leaf) {
    if (leaf !== 1 || size === 1) {
      this.arena.scaled(to, P, slope, rows, size);
      return;
    }
    for (let row = 0, p = 0; row < rows; row++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += P[p++] * slope[j];
      to[row] += sum;
    }
  }

  /** The name of a path after it passed a value. Where a state reads another of the same step
   *  (h = o ⊙ tanh(c) reads c), that reading names nothing. */
  key(key, root, named, plain, leaf) {
    if (!named) return "";
    if (root.name !== undefined && this.gates.has(root.name)) {
      const joined = key === "" || key === DIRECT ? root.name : `${key}, ${root.name}`;
      return joined.length < 60 ? joined : key;
    }
    const isState = leaf.kind === "work" && this.machine.compiler.before.has(leaf.name);
    if (isState) return key === DIRECT ? "" : key;
    return key === "" && !plain ? DIRECT : key;
  }

  /** Where the derivatives of a root are worked out, made once. */
  scratch(root, inner, leaves) {
    if (!this.slopesOf.has(root)) {
      const wanted = new Map([...inner, ...leaves.filter(Boolean)].map((r) => [r, this.arena.take(root.size)]));
      const sweeps = inner.map((r) => [r, ...[r, ...r.args].map((a) => wanted.get(a) ?? null)]);
      this.slopesOf.set(root, { wanted: [...wanted.values()], sweeps, slopes: leaves.map((leaf) => leaf && wanted.get(leaf)) });
    }
    return this.slopesOf.get(root);
  }

  /** ∂root/∂leaf for each leaf, a number for each component of the root; and what bounds it. */
  slopes(root, inner, leaves, bounds) {
    const { machine, t } = this, m = machine.memory, L = root.size;
    const { wanted, sweeps, slopes } = this.scratch(root, inner, leaves);
    for (const data of wanted) data.fill(0);
    wanted[0].fill(1);
    for (const [r, D, A, B] of sweeps) {
      const [x, y] = r.args;
      sweep(r, D, L, m, machine.at(r, t), machine.at(x, t), y ? machine.at(y, t) : 0, A, B ?? null);
    }
    for (let i = 0; i < leaves.length; i++) {
      const leaf = leaves[i], slope = slopes[i];
      if (leaf) bounds[leaf.id] += bounds[root.id] * (leaf.size === 1 && L > 1 ? lengthOf(slope, 0, L) : largestIn(slope));
    }
  }

  bound(root, leaves, bounds) {
    const by = WHOLE[root.op].bound(root, this.machine.memory, this.at, this.machine);
    for (let i = 0; i < leaves.length; i++) if (leaves[i]) bounds[leaves[i].id] += bounds[root.id] * by[i];
  }

  /** log10 of the norm for k = 0 … lags, from the last step back; with shares and a bound.
   *  `rows` are given ones (r × size of `of`), or all of them. With `leading` the directions of
   *  `of` that lead at some lags are kept; with `frozen` every step is the last one. */
  curve({ lags, norm = "spectral", rows = null, named = false, leading = false, frozen = false }) {
    const { machine } = this, { compiler } = machine, first = compiler.now.get(this.of);
    const size = first.size, height = rows ? rows.length / size : size, target = compiler.now.get(this.wrt);
    const before = compiler.before.get(this.wrt), last = machine.steps - 1;
    const log10 = new Float64Array(lags + 1).fill(-Infinity), bound = new Float64Array(lags + 1).fill(-Infinity);
    const shares = [], leaders = [], ofState = machine.cell.states.includes(this.of);
    const states = this.states.map((name) => [compiler.now.get(name), compiler.before.get(name)]);
    const opening = this.plan([first], height, named), going = states.length && this.plan(states.map(([now]) => now), height, named);
    const begun = opening.put.get(first), state = { carried: states.map(([now]) => going.put.get(now)), log: 0 };
    if (rows) begun.set(rows);
    else for (let i = 0; i < size; i++) begun[i * size + i] = 1;
    const bounds = new Float64Array(compiler.registers.length), kept = new Float64Array(bounds.length);
    bounds[first.id] = 1;
    let boundLog = 0, guess, broken = null;
    const note = (k, data, r) => {
      if (!data) return;
      let off = 0;
      for (let i = 0; i < data.length; i++) off += 0 * data[i];
      if (off !== 0) broken ??= this.t; // a slope of a root at 0, as an example
      const found = norm === "spectral" ? spectralNorm(data, height, r.size, this.arena, guess) : { norm: frobenius(data) };
      if (guess && guess !== found.left) this.arena.give(guess);
      guess = found.left;
      if (leading && guess && (k & (k - 1)) === 0 && k) leaders.push(guess.slice());
      log10[k] = Math.log10(found.norm) + state.log;
    };
    if (this.isState && ofState && this.of === this.wrt) {
      note(0, begun, first);
      if (!rows && norm === "spectral") log10[0] = 0;
      bound[0] = 0;
    }
    for (let k = 0; k <= lags && last - k >= 0; k++) {
      if (this.isState && k === lags && (k || ofState)) break;
      const { acts, arrived } = k ? going : opening;
      this.t = frozen ? last : last - k;
      for (const act of acts) act(bounds);
      if (!this.isState || (k === 0 && !ofState)) {
        note(k, arrived.has(target) ? summed(arrived.get(target)) : null, target);
        bound[k] = Math.log10(bounds[target.id]) + boundLog;
        if (this.isState && k === lags) break;
      }
      if (!states.length) break;
      kept.fill(0);
      const parts = named ? new Map() : null;
      states.forEach(([now, was], i) => {
        gathered(arrived.get(was), state.carried[i], parts);
        kept[now.id] = bounds[was.id];
        if (was !== before) return;
        note(k + 1, state.carried[i], before);
        bound[k + 1] = Math.log10(kept[target.id]) + boundLog;
      });
      if (named) shares.push(normalised(parts));
      if (k % 4 === 3 && !rescale(state)) break;
      const most = largestIn(kept);
      if (most > 0 && Number.isFinite(most)) boundLog += Math.log10(most);
      for (let i = 0; i < kept.length; i++) bounds[i] = kept[i] / (most || 1);
    }
    return { log10, bound, shares, leading: leading ? leaders : null, broken };
  }
}

/** The registers through which a derivative by `wrt` passes, over any number of steps. */
function usefulFor({ cell, compiler }, wrt, isState) {
  const useful = new Set([isState ? compiler.before.get(wrt) : compiler.now.get(wrt)]);
  if (!isState || cell.gates.includes(wrt)) useful.add(compiler.now.get(wrt));
  if (isState) useful.add(compiler.now.get(wrt));
  for (let size = 0; size !== useful.size;) {
    size = useful.size;
    for (const r of compiler.work) if (r.args.some((a) => useful.has(a))) useful.add(r);
    for (const s of cell.states) if (useful.has(compiler.now.get(s))) useful.add(compiler.before.get(s));
  }
  return useful;
}

function frobenius(data) {
  const most = largestIn(data), inverse = 1 / most;
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] * inverse) ** 2;
  return most > 0 ? most * Math.sqrt(sum) : 0;
}

function summed(paths) {
  const [first, ...others] = paths.values();
  for (const data of others) for (let i = 0; i < first.length; i++) first[i] += data[i];
  return first;
}

/** The sum of the paths to a state put into `whole`; adds ⟨part, whole⟩ of each to `parts`. */
function gathered(paths, whole, parts) {
  whole.fill(0);
  if (!paths) return;
  if (!parts) {
    whole.set(paths.get(""));
    return;
  }
  for (const data of paths.values()) for (let i = 0; i < whole.length; i++) whole[i] += data[i];
  for (const [key, data] of paths) {
    let along = 0;
    for (let i = 0; i < whole.length; i++) along += data[i] * whole[i];
    const name = key || CARRY;
    if (along) parts.set(name, (parts.get(name) ?? 0) + along);
  }
}

function normalised(parts) {
  const sum = [...parts.values()].reduce((a, b) => a + b, 0);
  return new Map([...parts].map(([key, value]) => [key, sum ? value / sum : 0]));
}

/** Brings all rows near 1; false where nothing is left of them. */
function rescale(state) {
  let most = 0;
  for (const data of state.carried) most = Math.max(most, largestIn(data));
  if (!(most > 0) || !Number.isFinite(most)) return false;
  const scale = 2 ** -Math.floor(Math.log2(most));
  if (scale !== 1) for (const data of state.carried) for (let i = 0; i < data.length; i++) data[i] *= scale;
  state.log -= Math.log10(scale);
  return true;
}
