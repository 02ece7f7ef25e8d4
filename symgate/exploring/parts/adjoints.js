"use strict";
/* What mixes components: its value, and how the rows of a Jacobian are pulled back through it.
 *
 * `forward(m, out, a, b, r)` works out register r at `out` from its arguments at a and b.
 * `pull(P, rows, r, m, at, into)` adds rows × ∂r/∂argument to what `into(i)` gives for argument
 * i, or nothing where it gives null. `bound(r, m, at, machine)` is a bound of the norm by argument. */

const step = (a) => (a > 0 ? 1 : 0);

/** The complement of the error function, by its series below 2 and its continued fraction above. */
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  if (x < 2) {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

const largestIn = (data) => {
  let most = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]);
    if (size > most) most = size;
    else if (size !== size) return size;
  }
  return most;
};

const lengthOf = (m, start, n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += m[start + i] * m[start + i];
  return Math.sqrt(sum);
};

/** softmax, layer_norm and rms_norm: y, and the adjoint of one row. */
function normed(m, out, a, n, k, centred) {
  let mean = 0, square = 0;
  if (centred) for (let i = 0; i < n; i++) mean += m[a + i] / n;
  for (let i = 0; i < n; i++) square += (m[a + i] - mean) ** 2 / n;
  const spread = Math.sqrt(square + k);
  for (let i = 0; i < n; i++) m[out + i] = (m[a + i] - mean) / spread;
  return spread;
}

function pullNormed(P, rows, r, m, at, into, centred) {
  const to = into(0), n = r.size, y = at(r), a = at(r.args[0]);
  if (!to) return;
  let mean = 0, square = 0;
  if (centred) for (let i = 0; i < n; i++) mean += m[a + i] / n;
  for (let i = 0; i < n; i++) square += (m[a + i] - mean) ** 2 / n;
  const spread = Math.sqrt(square + r.k);
  for (let row = 0; row < rows; row++) {
    const p = row * n;
    let average = 0, along = 0;
    for (let i = 0; i < n; i++) {
      if (centred) average += P[p + i] / n;
      along += P[p + i] * m[y + i] / n;
    }
    for (let i = 0; i < n; i++) to[p + i] += (P[p + i] - average - m[y + i] * along) / spread;
  }
}

/** Adds f(row, component of the argument) × row's number, for a register that is a number. */
function pullNumber(P, rows, size, to, weight) {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < size; i++) to[row * size + i] += P[row] * weight(i);
  }
}

const WHOLE = {
  matvec: {
    forward(m, out, a, b, r, arena) {
      arena.times(m, m, m, ...r.args[0].shape, out, a, b);
    },
    pull(P, rows, r, m, at, into, { arena, weights }) {
      const to = into(1);
      if (to) arena.multiply(to, P, weights, rows, r.size, r.args[1].size, r.args[0].offset);
    },
    bound: (r, m, at, machine) => [0, machine.normOf(r.args[0])],
  },
  stack: {
    forward(m, out, a, b, r, at) {
      for (const part of r.args) {
        const from = at(part);
        for (let i = 0; i < part.size; i++) m[out++] = m[from + i];
      }
    },
    pull(P, rows, r, m, at, into) {
      let start = 0;
      r.args.forEach((part, index) => {
        const to = into(index);
        for (let row = 0; to && row < rows; row++) {
          for (let i = 0; i < part.size; i++) to[row * part.size + i] += P[row * r.size + start + i];
        }
        start += part.size;
      });
    },
    bound: (r) => r.args.map(() => 1),
  },
  dot: {
    forward(m, out, a, b, r) {
      let sum = 0;
      for (let i = 0; i < r.args[0].size; i++) sum += m[a + i] * m[b + i];
      m[out] = sum;
    },
    pull(P, rows, r, m, at, into) {
      [0, 1].forEach((index) => {
        const to = into(index), other = at(r.args[1 - index]);
        if (to) pullNumber(P, rows, r.args[index].size, to, (i) => m[other + i]);
      });
    },
    bound: (r, m, at) => [1, 0].map((i) => lengthOf(m, at(r.args[i]), r.args[i].size)),
  },
  sum: {
    forward(m, out, a, b, r) {
      m[out] = 0;
      for (let i = 0; i < r.args[0].size; i++) m[out] += m[a + i];
    },
    pull(P, rows, r, m, at, into) {
      const to = into(0);
      if (to) pullNumber(P, rows, r.args[0].size, to, () => 1);
    },
    bound: (r) => [Math.sqrt(r.args[0].size)],
  },
  mean: {
    forward(m, out, a, b, r) {
      m[out] = 0;
      for (let i = 0; i < r.args[0].size; i++) m[out] += m[a + i] / r.args[0].size;
    },
    pull(P, rows, r, m, at, into) {
      const to = into(0), n = r.args[0].size;
      if (to) pullNumber(P, rows, n, to, () => 1 / n);
    },
    bound: (r) => [1 / Math.sqrt(r.args[0].size)],
  },
  norm: {
    forward(m, out, a, b, r) {
      m[out] = lengthOf(m, a, r.args[0].size);
    },
    pull(P, rows, r, m, at, into) {
      const to = into(0), a = at(r.args[0]), length = m[at(r)];
      if (to) pullNumber(P, rows, r.args[0].size, to, (i) => m[a + i] / length);
    },
    bound: () => [1],
  },
  softmax: {
    forward(m, out, a, b, r) {
      let most = -Infinity, sum = 0;
      for (let i = 0; i < r.size; i++) most = Math.max(most, m[a + i]);
      for (let i = 0; i < r.size; i++) sum += m[out + i] = Math.exp(m[a + i] - most);
      for (let i = 0; i < r.size; i++) m[out + i] /= sum;
    },
    pull(P, rows, r, m, at, into) {
      const to = into(0), y = at(r), n = r.size;
      for (let row = 0; to && row < rows; row++) {
        let along = 0;
        for (let i = 0; i < n; i++) along += P[row * n + i] * m[y + i];
        for (let i = 0; i < n; i++) to[row * n + i] += m[y + i] * (P[row * n + i] - along);
      }
    },
    bound: () => [0.5],
  },
  layer_norm: {
    forward: (m, out, a, b, r) => normed(m, out, a, r.size, r.k, true),
    pull: (P, rows, r, m, at, into) => pullNormed(P, rows, r, m, at, into, true),
    bound: (r, m, at) => [1 / spreadOf(r, m, at, true)],
  },
  rms_norm: {
    forward: (m, out, a, b, r) => normed(m, out, a, r.size, r.k, false),
    pull: (P, rows, r, m, at, into) => pullNormed(P, rows, r, m, at, into, false),
    bound: (r, m, at) => [1 / spreadOf(r, m, at, false)],
  },
  outer: {
    forward(m, out, a, b, r) {
      const [rows, cols] = r.shape;
      for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) m[out++] = m[a + i] * m[b + j];
    },
    pull(P, rows, r, m, at, into) {
      const [n, p] = r.shape, u = at(r.args[0]), v = at(r.args[1]), one = into(0), other = into(1);
      for (let row = 0, at_ = 0; row < rows; row++) {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < p; j++, at_++) {
            if (one) one[row * n + i] += P[at_] * m[v + j];
            if (other) other[row * p + j] += P[at_] * m[u + i];
          }
        }
      }
    },
    bound: (r, m, at) => [1, 0].map((i) => lengthOf(m, at(r.args[i]), r.args[i].size)),
  },
  act: {
    forward(m, out, a, b, r) {
      const [rows, cols] = r.args[0].shape;
      m.fill(0, out, out + r.size);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++, a++) {
          if (r.turned) m[out + j] += m[a] * m[b + i];
          else m[out + i] += m[a] * m[b + j];
        }
      }
    },
    pull(P, rows, r, m, at, into) {
      const [n, p] = r.args[0].shape, S = at(r.args[0]), v = at(r.args[1]), one = into(0), other = into(1);
      for (let row = 0; row < rows; row++) {
        const start = row * r.size;
        for (let i = 0, e = 0; i < n; i++) {
          for (let j = 0; j < p; j++, e++) {
            const pull = P[start + (r.turned ? j : i)];
            if (one) one[row * n * p + e] += pull * m[v + (r.turned ? i : j)];
            if (other) other[row * r.args[1].size + (r.turned ? i : j)] += pull * m[S + e];
          }
        }
      }
    },
    bound: (r, m, at) => [1, 0].map((i) => lengthOf(m, at(r.args[i]), r.args[i].size)),
  },
  across: {
    forward(m, out, a, b, r) {
      const [rows, cols] = r.shape;
      for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) m[out++] = m[a + j];
    },
    pull(P, rows, r, m, at, into) {
      const [n, p] = r.shape, to = into(0);
      for (let row = 0; to && row < rows; row++) {
        for (let e = 0; e < n * p; e++) to[row * p + (e % p)] += P[row * n * p + e];
      }
    },
    bound: (r) => [Math.sqrt(r.shape[0])],
  },
  down: {
    forward(m, out, a, b, r) {
      const [rows, cols] = r.shape;
      for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) m[out++] = m[a + i];
    },
    pull(P, rows, r, m, at, into) {
      const [n, p] = r.shape, to = into(0);
      for (let row = 0; to && row < rows; row++) {
        for (let e = 0; e < n * p; e++) to[row * n + Math.floor(e / p)] += P[row * n * p + e];
      }
    },
    bound: (r) => [Math.sqrt(r.shape[1])],
  },
  fromleft: {
    forward(m, out, a, b, r) {
      const [rows, inner] = r.args[0].shape, cols = r.shape[1];
      m.fill(0, out, out + r.size);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < inner; k++) for (let j = 0; j < cols; j++) m[out + i * cols + j] += m[a + i * inner + k] * m[b + k * cols + j];
      }
    },
    pull(P, rows, r, m, at, into) {
      const [n, inner] = r.args[0].shape, cols = r.shape[1], A = at(r.args[0]), to = into(1);
      for (let row = 0; to && row < rows; row++) {
        for (let i = 0; i < n; i++) {
          for (let k = 0; k < inner; k++) {
            for (let j = 0; j < cols; j++) to[(row * inner + k) * cols + j] += m[A + i * inner + k] * P[(row * n + i) * cols + j];
          }
        }
      }
    },
    bound: (r, m, at, machine) => [0, machine.normOf(r.args[0])],
  },
  fromright: {
    forward(m, out, a, b, r) {
      const [inner, cols] = r.args[0].shape, rows = r.shape[0];
      m.fill(0, out, out + r.size);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < inner; k++) for (let j = 0; j < cols; j++) m[out + i * cols + j] += m[b + i * inner + k] * m[a + k * cols + j];
      }
    },
    pull(P, rows, r, m, at, into) {
      const [inner, cols] = r.args[0].shape, n = r.shape[0], A = at(r.args[0]), to = into(1);
      for (let row = 0; to && row < rows; row++) {
        for (let i = 0; i < n; i++) {
          for (let k = 0; k < inner; k++) {
            let sum = 0;
            for (let j = 0; j < cols; j++) sum += P[(row * n + i) * cols + j] * m[A + k * cols + j];
            to[(row * n + i) * inner + k] += sum;
          }
        }
      }
    },
    bound: (r, m, at, machine) => [0, machine.normOf(r.args[0])],
  },
};

function spreadOf(r, m, at, centred) {
  const a = at(r.args[0]), n = r.size;
  let mean = 0, square = 0;
  if (centred) for (let i = 0; i < n; i++) mean += m[a + i] / n;
  for (let i = 0; i < n; i++) square += (m[a + i] - mean) ** 2 / n;
  return Math.sqrt(square + r.k);
}

/** The largest singular value of P (rows × cols), by Lanczos on PPᵀ. `start` is a guess of the
 *  left singular vector, which changes little from lag to lag; `left` is the one found. */
function spectralNorm(P, rows, cols, arena, start) {
  const biggest = largestIn(P);
  if (!(biggest > 0) || !Number.isFinite(biggest)) return { norm: biggest, left: start };
  const n = rows, most = Math.min(rows, cols), square = 1 / biggest ** 2, alpha = [], beta = [];
  const [across] = arena.vectors(cols, 1), left = arena.take(n);
  const basis = arena.vectors(n, 2);
  let u = basis[1], last = 0, length = 0, before = 0;
  for (let i = 0; i < n; i++) {
    u[i] = (start ? start[i] : 0) + 0.02 * Math.sin(1 + 7 * i + i * i) / Math.sqrt(n);
    length += u[i] * u[i];
  }
  for (let step = 0; ; step++) {
    const inverse = 1 / Math.sqrt(length);
    for (let i = 0; i < n; i++) u[i] *= inverse;
    const w = arena.vectors(n, step + 3)[step + 2];
    arena.turned(across, P, u, rows, cols);
    arena.times(w, P, across, rows, cols);
    let a = 0;
    for (let i = 0; i < n; i++) a += (w[i] *= square) * u[i];
    alpha.push(a);
    const found = largestOf(alpha, beta, last, before);
    if ((step > 1 && found - last < 2e-11 * found) || step > most + 4) break;
    last = found;
    const older = basis[step];
    length = 0;
    for (let i = 0; i < n; i++) {
      const rest = w[i] - a * u[i] - before * older[i];
      w[i] = rest;
      length += rest * rest;
    }
    before = Math.sqrt(length);
    if (!(before > 1e-11 * found)) break;
    beta.push(before);
    u = w;
  }
  const value = largestOf(alpha, beta, last, before), weights = vectorOf(alpha, beta, value);
  weights.forEach((weight, i) => {
    const q = basis[i + 1];
    for (let j = 0; j < n; j++) left[j] += weight * q[j];
  });
  return { norm: biggest * Math.sqrt(Math.max(value, 0)), left };
}

/** The largest eigenvalue of a symmetric tridiagonal matrix, by Laguerre's method from above.
 *  `last` is that of the matrix without its last row, and `beside` what stands beside that. */
function largestOf(alpha, beta, last, beside) {
  const count = alpha.length;
  let x = count === 1 ? alpha[0] : Math.max(last, alpha[count - 1]) + beside;
  for (let turn = 0; turn < 40 && count > 1; turn++) {
    let q = x - alpha[0];
    if (!(q > 0)) return x;
    let first = 1 / q, second = 0, once = first, twice = once * once;
    for (let i = 1; i < count; i++) {
      const r = beta[i - 1] * beta[i - 1] / q, up = 1 + r * first, bent = r * (second - 2 * first * first);
      q = x - alpha[i] - r;
      if (!(q > 0)) return x; // it is at the root, or below by rounding
      first = up / q;
      second = bent / q;
      once += first;
      twice += first * first - second;
    }
    const move = count / (once + Math.sqrt(Math.max(0, (count - 1) * (count * twice - once * once))));
    if (!(move > 0)) break;
    x -= move;
    if (move < 1e-15 * x) break;
  }
  return x;
}

/** The eigenvector of a tridiagonal matrix for an eigenvalue, by its recurrence. */
function vectorOf(alpha, beta, value) {
  const x = [1];
  for (let i = 0; i + 1 < alpha.length; i++) {
    const next = ((value - alpha[i]) * x[i] - (i ? beta[i - 1] * x[i - 1] : 0)) / beta[i];
    x.push(Number.isFinite(next) ? next : 0);
  }
  const length = Math.hypot(...x);
  return x.map((v) => v / length);
}
