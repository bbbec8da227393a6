// The network of the paper (Eq. 1-17, 20), in plain JavaScript and double precision.
//
// `read` makes one of the data that mindgap/book/playground.py writes: description and
// weights as `mindgap export` has them. `run` takes N x N weights and an adjacency, and
// returns every step: hidden states, attention by head, decoded hints and outputs.
// Rows are arrays; matrices of weights are flat, (inputs, outputs) in row order.

(function (global) {
  const SLOPE = 0.01, SHARPEN = -1000;
  const range = (n) => Array.from({ length: n }, (_, i) => i);
  const pairs = (n, make) => range(n).map((i) => range(n).map((j) => make(i, j)));
  const zeros = (n) => new Float64Array(n);

  function decode(text, count) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return Float64Array.from(new Float32Array(bytes.buffer, 0, count));
  }

  function read(data) {
    const arrays = {};
    for (const [name, { shape, base64 }] of Object.entries(data.arrays))
      arrays[name] = { shape, values: decode(base64, shape.reduce((a, b) => a * b, 1)) };
    const layer = (name) => arrays[`${name}/w`] && {
      w: arrays[`${name}/w`].values, b: arrays[`${name}/b`].values,
      inputs: arrays[`${name}/w`].shape[0], outputs: arrays[`${name}/w`].shape[1],
    };
    return { ...data, arrays, layer };
  }

  // x @ w + b, for x of any length up to the layer's: what is missing counts as 0
  function apply(layer, ...parts) {
    const found = Float64Array.from(layer.b);
    let row = 0;
    for (const part of parts)
      for (const x of part) {
        if (x !== 0)
          for (let k = 0, at = row * layer.outputs; k < layer.outputs; k++)
            found[k] += x * layer.w[at + k];
        row += 1;
      }
    return found;
  }

  function add(into, other) {
    for (let k = 0; k < into.length; k++) into[k] += other[k];
  }

  function softmax(scores) {
    const most = Math.max(...scores);
    const parts = scores.map((x) => Math.exp(x - most));
    const total = parts.reduce((a, b) => a + b, 0);
    return parts.map((x) => x / total);
  }

  // Encoders (Eq. 10), and who may attend to whom (Eq. 7).
  function encode(network, values, n) {
    const size = network.config.hidden_size;
    const seen = {
      node: range(n).map(() => zeros(size)),
      edge: pairs(n, () => zeros(size)),
      graph: zeros(size),
      near: pairs(n, (i, j) => i === j || network.config.attend_to === "all"),
    };
    for (const name of network.encoded) {
      const feature = network.features[name], value = values[name];
      const layer = network.layer(`encoder/${name}`);
      const row = (x) => (Array.isArray(x) ? x : [x]);
      const isPair = feature.location === "edge" || feature.type === "pointer";
      if (isPair)
        for (const i of range(n))
          for (const j of range(n)) {
            add(seen.edge[i][j], apply(layer, row(value[i][j])));
            const both = value[i][j] + value[j][i];
            const least = feature.type === "pointer" ? 0.5 : 0;
            if ((feature.type === "pointer" || feature.type === "mask") && both > least)
              seen.near[i][j] = true;
          }
      else if (feature.location === "node")
        for (const i of range(n)) add(seen.node[i], apply(layer, row(value[i])));
      else add(seen.graph, apply(layer, row(value)));
    }
    return seen;
  }

  // One step of attention (Eq. 3-9, 15-17).
  function attend(network, seen, hidden, n) {
    const { hidden_size: size, heads, edge_values: kind } = network.config;
    const room = size / heads, at = (part) => network.layer(`attention/${part}`);
    const sender = range(n).map((j) => apply(at("in"), seen.node[j], hidden[j]));
    const receiver = range(n).map((i) => apply(at("out"), seen.node[i], hidden[i]));
    const value = range(n).map((j) => apply(at("value"), seen.node[j], hidden[j]));
    const meta = apply(at("meta"), seen.graph);
    const bias = network.arrays["attention/bias"];
    const scores = range(heads).map(() => pairs(n, () => -Infinity));
    for (const i of range(n))
      for (const j of range(n)) {
        if (!seen.near[i][j]) continue;
        const zeta = apply(at("edge"), seen.edge[i][j]);
        const constant = bias ? bias.values[i * bias.shape[1] + j] : 0; // or part of it
        for (const head of range(heads)) {
          const omega = at(`score_${head}`);
          let score = omega.b[0];
          for (let k = 0; k < room; k++) {
            const c = head * room + k;
            const x = zeta[c] + sender[j][c] + receiver[i][c] + meta[c] + constant;
            score += omega.w[k] * (x > 0 ? x : SLOPE * x);
          }
          scores[head][i][j] = score;
        }
      }
    const attention = scores.map((rows) => rows.map(softmax));
    const states = range(n).map((i) => {
      const found = zeros(size), told = zeros(size);
      for (let c = 0; c < size; c++) {
        const shares = attention[Math.floor(c / room)][i];
        for (let j = 0; j < n; j++) found[c] += shares[j] * value[j][c];
      }
      if (kind === "first_component")
        for (let j = 0; j < n; j++) found[0] += attention[0][i][j] * seen.edge[i][j][0];
      if (kind === "projected") {
        for (let j = 0; j < n; j++) {
          if (!attention.some((rows) => rows[i][j] > 0)) continue;
          const info = apply(at("edge_info"), seen.edge[i][j]);
          for (let c = 0; c < size; c++)
            told[c] += attention[Math.floor(c / room)][i][j] * info[c];
        }
        add(found, apply(at("edge_reduce"), told));
      }
      add(found, apply(at("skip"), seen.node[i], hidden[i]));
      return normed(network, found.map((x) => Math.max(0, x)));
    });
    return { attention, states };
  }

  function normed(network, state) {
    const scale = network.arrays["attention/norm/scale"];
    if (!scale) return state;
    const offset = network.arrays["attention/norm/offset"].values;
    const mean = state.reduce((a, b) => a + b, 0) / state.length;
    const spread = state.reduce((a, b) => a + (b - mean) ** 2, 0) / state.length;
    return state.map((x, k) =>
      ((x - mean) / Math.sqrt(spread + 1e-5)) * scale.values[k] + offset[k]);
  }

  // The logits of one feature (Eq. 11-14, 20).
  function predict(network, name, seen, hidden, states, n) {
    const feature = network.features[name];
    const part = (which, ...reads) => apply(network.layer(`decoder/${name}/${which}`), ...reads);
    const reads = (i) => [seen.node[i], hidden[i], states[i]];
    if (feature.type === "pointer" && network.config.pointer_decoder === "simple")
      return range(n).map((i) => {
        const [one, other] = ["p1", "p2"].map((which) => part(which, ...reads(i)));
        return Array.from(one, (x, j) => SHARPEN * Math.max(x, other[j]));
      });
    if (feature.type === "pointer") {
      const sender = range(n).map((j) => part("sender", ...reads(j)));
      const receiver = range(n).map((i) => part("receiver", ...reads(i)));
      // the pointer from i to j reads the edge from j to i
      return pairs(n, (i, j) => {
        const edge = part("edge", seen.edge[j][i]);
        const largest = edge.map((x, k) => Math.max(x + sender[j][k], receiver[i][k]));
        return part("score", largest)[0];
      });
    }
    const shown = (row) => (feature.type === "categorical" ? Array.from(row) : row[0]);
    if (feature.location !== "graph")
      return range(n).map((i) => shown(part("node", ...reads(i))));
    const size = network.config.hidden_size;
    const most = zeros(3 * size).fill(-Infinity);
    for (const i of range(n)) {
      const row = [...seen.node[i], ...hidden[i], ...states[i]];
      row.forEach((x, k) => { most[k] = Math.max(most[k], x); });
    }
    const value = part("node", most);
    add(value, part("meta", seen.graph));
    return shown(value);
  }

  // A decoded hint as it is fed back: a number or probabilities.
  function fedBack(feature, logits) {
    if (feature.type === "scalar") return logits;
    const share = (x) => 1 / (1 + Math.exp(-x));
    if (feature.type === "mask")
      return feature.location === "graph" ? share(logits) : logits.map(share);
    if (feature.type === "mask_one") return softmax(logits);
    return logits.map(softmax);
  }

  // The hints before the first step, from what the program starts with.
  function firstHints(network, inputs, n) {
    const found = {};
    for (const [name, start] of Object.entries(network.starts)) {
      const feature = network.features[name];
      const value = (part, i) =>
        part.constant + part.s * (inputs.s ? inputs.s[i] : 0) + part.index * inputs.pos[i];
      const held = (part) => range(n).map((i) => value(part, i));
      if (feature.type === "pointer")
        found[name] = held(start[0]).map((place) =>
          range(n).map((j) => +(j === Math.round(place * n))));
      else if (feature.type === "categorical")
        found[name] = range(n).map((i) => {
          const each = start.map((part) => value(part, i));
          const most = each.indexOf(Math.max(...each));
          return each.map((_, k) => +(k === most));
        });
      else if (feature.location === "graph") found[name] = Math.max(...held(start[0]));
      else found[name] = held(start[0]);
    }
    return found;
  }

  function inputsOf(weights, edges, source) {
    const n = weights.length;
    return {
      pos: range(n).map((i) => i / n),
      s: range(n).map((i) => +(i === (source ?? 0))), // without a source, node 0 is the first
      A: pairs(n, (i, j) => (edges[i][j] ? weights[i][j] : 0)),
      adj: pairs(n, (i, j) => +(i === j || edges[i][j])),
    };
  }

  // Two strings in one row, each with positions of its own (CLRS).
  function lettersOf(text, sought) {
    const places = (letters) => [...letters].map((_, i) => i / letters.length);
    return {
      pos: [...places(text), ...places(sought)],
      string: [...[...text].map(() => 0), ...[...sought].map(() => 1)],
      key: [...text, ...sought].map((letter) => [..."abcd"].map((other) => +(other === letter))),
    };
  }

  // What a prediction says: numbers of nodes or classes, truth values, numbers.
  function decided(feature, logits) {
    const largest = (row) => row.indexOf(Math.max(...row));
    if (feature.type === "pointer" || feature.type === "categorical")
      return logits.map(largest);
    if (feature.type === "mask_one") return largest(logits);
    if (feature.type === "scalar") return logits;
    return Array.isArray(logits) ? logits.map((x) => +(x > 0)) : +(logits > 0);
  }

  function run(network, inputs, steps) {
    const n = inputs.pos.length, size = network.config.hidden_size;
    const stages = (stage) =>
      network.decoded.filter((name) => network.features[name].stage === stage);
    let fed = firstHints(network, inputs, n);
    let hidden = range(n).map(() => zeros(size));
    const found = [];
    for (const _ of range(steps)) {
      const seen = encode(network, { ...inputs, ...fed }, n);
      let states = hidden;
      const attention = [];
      for (const __ of range(network.config.message_steps)) {
        const step = attend(network, seen, states, n);
        states = step.states;
        attention.push(step.attention);
      }
      const logits = {}, values = {};
      for (const name of [...stages("hint"), ...stages("output")]) {
        logits[name] = predict(network, name, seen, hidden, states, n);
        values[name] = decided(network.features[name], logits[name]);
      }
      found.push({ attention, states, logits, values });
      fed = Object.fromEntries(Object.keys(fed).map((name) =>
        [name, fedBack(network.features[name], logits[name])]));
      hidden = states;
    }
    return found;
  }

  global.mindgapNetwork = { read, run, inputsOf, lettersOf, firstHints, decided };
})(typeof window === "undefined" ? globalThis : window);
