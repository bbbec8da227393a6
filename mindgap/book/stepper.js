// A compiled network, run in the page itself on a graph of the reader's choice.
//
// `run` is one-headed graph attention over time (Eq. 3-9 and 15-17) in plain arrays, on
// the folded weights that mindgap/book/stepper.py writes into the page; `show` draws it.

(function (global) {
  const COLOURS = { ink: "currentColor", reached: "#56B4E9", arrow: "#D55E00" };
  const range = (n) => Array.from({ length: n }, (_, i) => i);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const leaky = (x) => (x > 0 ? x : 0.01 * x);
  const linear = (layer, row) =>
    layer.b.map((b, k) => b + sum(row.map((x, i) => x * layer.w[i][k])));

  function softmax(scores) {
    const most = Math.max(...scores);
    const parts = scores.map((x) => Math.exp(x - most));
    return parts.map((x) => x / sum(parts));
  }

  // weights[i][j] is the weight of the edge between i and j, 0 where there is none.
  function run(network, weights, source) {
    const nodes = range(weights.length);
    const size = network.edge.b.length;
    const edge = (i, j) =>
      network.edges.map((name) => (name === "A" ? weights[i][j] : +(weights[i][j] > 0)));
    const input = (i) =>
      network.nodes.map((name) => (name === "pos" ? i / nodes.length : +(i === source)));
    const steps = [];
    let hidden = nodes.map(() => Array(size).fill(0));
    for (let time = 0; time < nodes.length; time++) {
      const read = nodes.map((i) => linear(network.reads, [...input(i), ...hidden[i]]));
      const part = (i, k) => read[i].slice(k * size, (k + 1) * size); // Eq. 3
      const attention = nodes.map((i) =>
        softmax(
          nodes.map((j) => {
            const allowed = i === j || weights[i][j] > 0 ? 0 : -1e9; // Eq. 7
            const sender = part(j, 2), receiver = part(i, 3);
            const zeta = linear(network.edge, edge(i, j)).map( // Eq. 4-5, 17
              (x, k) => x + network.meta[k] + sender[k] + receiver[k] + network.bias[i][j]);
            return allowed + network.score.b + sum(zeta.map((x, k) => network.score.w[k] * leaky(x)));
          }),
        ),
      ); // Eq. 6, 8
      hidden = nodes.map((i) => {
        const seen = network.edges.map((_, k) =>
          sum(nodes.map((j) => attention[i][j] * edge(i, j)[k])));
        const told = network.info ? linear(network.reduce, linear(network.info, seen)) : null;
        return part(i, 1).map((skip, k) => { // Eq. 9, 15-16
          const value = sum(nodes.map((j) => attention[i][j] * part(j, 0)[k]));
          return Math.max(0, value + (told ? told[k] : 0) + skip);
        });
      });
      const held = {};
      for (const [name, layer] of Object.entries(network.components))
        held[name] = hidden.map((state) => linear(layer, state)[0]);
      steps.push({ attention, hidden, held });
    }
    return steps;
  }

  const element = (name, attributes, ...inside) => {
    const svg = ["svg", "g", "circle", "line", "path", "text", "title"].includes(name);
    const made = svg
      ? document.createElementNS("http://www.w3.org/2000/svg", name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };

  function draw(step, weights, reached) {
    const n = weights.length;
    const at = (i) => {
      const turn = (2 * Math.PI * i) / n - Math.PI / 2;
      return [160 + 118 * Math.cos(turn), 150 + 118 * Math.sin(turn)];
    };
    const svg = element("svg", { viewBox: "0 0 320 300", class: "graph", role: "img" });
    const labels = [];
    for (const i of range(n))
      for (const j of range(i))
        if (weights[i][j] > 0) {
          const [a, b] = at(i), [c, d] = at(j);
          const line = { x1: a, y1: b, x2: c, y2: d, stroke: COLOURS.ink };
          svg.append(element("line", { ...line, opacity: 0.35 }));
          const where = { x: 0.6 * a + 0.4 * c, y: 0.6 * b + 0.4 * d - 3 };
          const text = { ...where, "font-size": 11, fill: COLOURS.ink, "text-anchor": "middle" };
          labels.push(element("text", text, String(weights[i][j])));
        }
    const said = [];
    for (const i of range(n))
      for (const j of range(n)) {
        const share = step.attention[i][j];
        if (i === j || share < 0.01) continue;
        const [a, b] = at(i), [c, d] = at(j);
        const long = Math.hypot(c - a, d - b);
        const [x, y] = [(c - a) / long, (d - b) / long];
        const [p, q] = [c - 19 * x, d - 19 * y];
        const tip = `M ${a + 16 * x} ${b + 16 * y} L ${p} ${q} M ${p - 8 * x + 5 * y} `
          + `${q - 8 * y - 5 * x} L ${p} ${q} L ${p - 8 * x - 5 * y} ${q - 8 * y + 5 * x}`;
        const look = { stroke: COLOURS.arrow, "stroke-width": 2.5, fill: "none" };
        svg.append(element("path", { d: tip, opacity: 0.2 + 0.8 * share, ...look }));
        said.push(`${i} at ${j}` + (share < 0.99 ? ` (${Math.round(100 * share)} %)` : ""));
      }
    svg.append(...labels);
    for (const i of range(n)) {
      const [cx, cy] = at(i);
      const fill = reached[i] > 0.5 ? COLOURS.reached : "white";
      svg.append(element("circle", { cx, cy, r: 15, fill, stroke: COLOURS.ink }));
      const text = { x: cx, y: cy + 5, "text-anchor": "middle", "font-size": 14 };
      svg.append(element("text", { ...text, fill: "black" }, String(i)));
    }
    const looks = said.length ? `Looks: ${said.join(", ")}.` : "Every node looks at itself.";
    svg.prepend(element("title", {}, looks));
    return [svg, looks];
  }

  function table(step, sorts, n) {
    const head = element("tr", {}, element("th", { scope: "col" }, "node"));
    for (const i of range(n)) head.append(element("th", { scope: "col" }, String(i)));
    const rows = Object.entries(step.held).map(([name, values]) => {
      const shown = {
        bool: (x) => (x > 0.5 ? "yes" : "no"),
        node: (x) => String(+(x * n).toFixed(2)),
        float: (x) => String(+x.toFixed(3)),
      }[sorts[name]];
      const cells = values.map((x) => element("td", {}, shown(x)));
      return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
    });
    return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  }

  function show(root, networks, start) {
    const n = start.length;
    const state = { name: Object.keys(networks)[0], source: 0, time: 0 };
    state.weights = start.map((row) => [...row]);
    const choice = (label, options, change) => {
      const made = element("select", {}, ...options.map(([value, text]) =>
        element("option", { value }, text)));
      made.addEventListener("change", () => change(made.value));
      return element("label", {}, `${label} `, made);
    };
    const button = (text, press) => {
      const made = element("button", { type: "button" }, text);
      made.addEventListener("click", press);
      return made;
    };
    const again = () => { state.time = 0; update(); };
    const move = (by) => { state.time += by; update(); };
    const inputs = [];
    const grid = element("div", { class: "edges" });
    for (const i of range(n))
      for (const j of range(n).filter((k) => k > i)) {
        const kind = { type: "number", min: 0, max: 1, step: 0.05 };
        const input = element("input", { ...kind, value: start[i][j] });
        input.addEventListener("change", () => {
          const asked = Math.round(100 * Math.min(1, Math.max(0, +input.value || 0))) / 100;
          state.weights[i][j] = state.weights[j][i] = asked;
          input.value = asked;
          again();
        });
        inputs.push([i, j, input]);
        grid.append(element("label", {}, `${i}-${j} `, input));
      }
    const random = () => {
      for (const [i, j, input] of inputs) {
        const weight = Math.random() < 0.45 ? Math.ceil(99 * Math.random()) / 100 : 0;
        state.weights[i][j] = state.weights[j][i] = input.value = weight;
      }
      again();
    };
    const back = button("Back", () => move(-1));
    const next = button("Next step", () => move(1));
    const shown = element("div", { class: "shown" });
    const said = element("p", { "aria-live": "polite" });
    const names = Object.entries(networks).map(([name, one]) => [name, one.title]);
    root.append(
      element("div", { class: "choices" },
        choice("Program", names, (name) => { state.name = name; again(); }),
        choice("Source", range(n).map((i) => [i, i]), (i) => { state.source = +i; again(); }),
        button("Another graph", random), back, next),
      said, shown,
      element("details", {},
        element("summary", {}, "Edges and their weights (0: no edge)"), grid));

    function update() {
      const network = networks[state.name];
      const steps = run(network, state.weights, state.source);
      const step = steps[state.time];
      back.disabled = state.time === 0;
      next.disabled = state.time === steps.length - 1;
      const [picture, looks] = draw(step, state.weights, step.held.reach);
      const split = step.attention.some((row) => Math.max(...row) < 0.99);
      const warning = " Some offers are equal, or nearly: a softmax shares its attention"
        + " among them, so this graph is outside of the program's limits.";
      said.textContent = `Step ${state.time + 1} of ${steps.length}. ${looks}`
        + (split ? warning : "");
      shown.replaceChildren(picture, table(step, network.sorts, n));
    }
    update();
  }

  global.mindgapStepper = { run, show };
})(typeof window === "undefined" ? globalThis : window);
