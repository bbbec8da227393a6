// The playground: a graph of the reader's own, and networks that run on it.
//
// Networks come from mindgap/book/playground.py, their arithmetic is in network.js. The
// compiled network is what others are compared with: inside its limits it is exact.

(function (global) {
  const { read, run, inputsOf, lettersOf } = global.mindgapNetwork;
  const range = (n) => Array.from({ length: n }, (_, i) => i);
  const SVG = ["svg", "g", "circle", "line", "path", "text", "title", "rect"];
  const MOST = 10, LEAST = 2;

  const tasks = {};
  const waiting = [];

  // A file of data calls this; pages may ask for a task before its file has arrived.
  function add(name, task) {
    const compiled = task.compiled.map((one) => ({ ...one, network: read(one.network) }));
    tasks[name] = { ...task, compiled, trained: null };
    waiting.splice(0).forEach((again) => again());
  }

  // So does a file with the trained network of a task, which is much larger.
  function addTrained(name, network) {
    tasks[name].trained = read(network);
    waiting.splice(0).forEach((again) => again());
  }

  function element(name, attributes, ...inside) {
    const made = SVG.includes(name)
      ? document.createElementNS("http://www.w3.org/2000/svg", name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  }

  // --- The graph ---

  // Edges are kept by "i,j"; of a graph without directions, i < j. A row has numbers at its
  // nodes, by their names, and no edges; of two strings there are the letters.
  function Graph({ directed, weighted, numbers, strings }) {
    const graph = { n: 0, places: [], edges: new Map(), source: 0, directed, weighted };
    if (numbers) graph.numbers = Object.fromEntries(numbers.map((name) => [name, []]));
    if (strings) graph.strings = ["", ""];
    const key = (i, j) => (directed || i < j ? `${i},${j}` : `${j},${i}`);
    graph.weight = (i, j) => graph.edges.get(key(i, j));
    graph.set = (i, j, weight) => graph.edges.set(key(i, j), weight);
    graph.remove = (i, j) => graph.edges.delete(key(i, j));
    graph.list = () => [...graph.edges].map(([k, w]) => [...k.split(",").map(Number), w]);
    graph.beside = (i) => (graph.strings ? graph.strings.join("")[i]
      : graph.numbers ? Object.values(graph.numbers).map((row) => row[i]).join(" / ") : "");
    graph.inputs = () => {
      if (graph.strings) return lettersOf(...graph.strings);
      const pos = range(graph.n).map((i) => i / graph.n);
      if (graph.numbers) return { pos, ...graph.numbers };
      const weights = range(graph.n).map(() => Array(graph.n).fill(0));
      const edges = weights.map((row) => row.map(() => false));
      for (const [i, j, w] of graph.list()) {
        weights[i][j] = weighted ? w : 1;
        edges[i][j] = true;
        if (!directed) { weights[j][i] = weights[i][j]; edges[j][i] = true; }
      }
      return inputsOf(weights, edges, graph.source);
    };
    graph.grow = () => {
      const turn = (2 * Math.PI * graph.n) / MOST;
      graph.places.push([0.5 + 0.4 * Math.sin(turn), 0.5 - 0.4 * Math.cos(turn)]);
      graph.n += 1;
      for (const row of Object.values(graph.numbers || {}))
        row.push(Math.ceil(99 * Math.random()) / 100);
    };
    graph.spell = (text, sought) => {
      graph.strings = [text, sought];
      graph.n = text.length + sought.length;
      graph.places = around(graph.n);
    };
    graph.shrink = () => {
      graph.n -= 1;
      graph.places.pop();
      for (const row of Object.values(graph.numbers || {})) row.pop();
      for (const [i, j] of graph.list()) if (Math.max(i, j) >= graph.n) graph.remove(i, j);
      graph.source = Math.min(graph.source, graph.n - 1);
    };
    return graph;
  }

  const around = (nodes) => range(nodes).map((i) => {
    const turn = (2 * Math.PI * i) / nodes, far = 0.34 + 0.08 * (i % 2);
    return [0.5 + far * Math.sin(turn), 0.5 - far * Math.cos(turn)];
  });

  const START = {
    places: [[0.1, 0.5], [0.37, 0.15], [0.37, 0.85], [0.63, 0.15], [0.63, 0.85], [0.9, 0.5]],
    numbers: [0.62, 0.25, 0.81, 0.47, 0.13, 0.94], strings: ["abacab", "aca"],
    edges: [[0, 1, 0.3], [0, 2, 0.9], [1, 3, 0.55], [2, 3, 0.2], [2, 4, 0.75], [3, 5, 0.85], [4, 5, 0.4]],
  };

  function startOf(task) {
    const graph = Graph(task);
    if (graph.strings) { graph.spell(...START.strings); return graph; }
    START.places.forEach((place, i) => { graph.grow(); graph.places[i] = [...place]; });
    if (graph.numbers) {
      graph.places = around(graph.n);
      for (const name of task.numbers) graph.numbers[name] = [...START.numbers];
    } else for (const [i, j, w] of START.edges) graph.set(i, j, w);
    return graph;
  }

  function randomOf(task, nodes) {
    const graph = Graph(task);
    if (graph.strings) {
      const letter = () => "abcd"[Math.floor(4 * Math.random())];
      const long = Math.max(1, Math.floor(nodes / 4));
      const spelled = (size) => range(size).map(letter).join("");
      graph.spell(spelled(nodes - long), spelled(long));
      return graph;
    }
    range(nodes).forEach(() => graph.grow());
    graph.places = around(nodes);
    if (graph.numbers) return graph;
    for (const i of range(nodes))
      for (const j of range(nodes).filter((k) => (task.directed ? k !== i : k > i)))
        if (Math.random() < 2.6 / nodes) graph.set(i, j, Math.ceil(99 * Math.random()) / 100);
    return graph;
  }

  // --- Runs ---

  // The steps of a network, up to the one after which its hints do not change.
  function course(network, graph, most) {
    const steps = run(network, graph.inputs(), most);
    const hints = (step) => network.decoded
      .filter((name) => network.features[name].stage === "hint")
      .map((name) => step.values[name]);
    const rounded = (step) => JSON.stringify(hints(step), (_, x) =>
      (typeof x === "number" ? +x.toFixed(4) : x));
    for (const time of range(steps.length))
      if (time && rounded(steps[time]) === rounded(steps[time - 1])) return time;
    return steps.length;
  }

  // Components that hold what none may: a truth value that is neither 0 nor 1, or a
  // reference that is at no node. A softmax that averages two nodes leaves these behind.
  function blurred(components, step, inputs) {
    const found = [], n = inputs.pos.length;
    const places = inputs.pos.map((x, i) => (inputs.string ? (x + inputs.string[i]) / 2 : x));
    const off = (held) => Math.abs(held - Math.round(held));
    const nowhere = (held) =>
      Math.min(off(held), ...places.map((place) => Math.abs(held - n * place)));
    for (const [name, { sort, w, b }] of Object.entries(components))
      step.states.forEach((state, node) => {
        const value = w.reduce((total, x, k) => total + x * state[k], b);
        const held = sort === "node" ? value * n : value;
        if (sort !== "float" && (sort === "node" ? nowhere(held) : off(held)) > 1e-3)
          found.push({ node, name, value: +held.toFixed(2) });
      });
    return found;
  }

  // --- Drawing ---

  function arrow(a, b, from, to) {
    const long = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const [x, y] = [(b[0] - a[0]) / long, (b[1] - a[1]) / long];
    const [p, q] = [b[0] - to * x, b[1] - to * y];
    return `M ${a[0] + from * x} ${a[1] + from * y} L ${p} ${q} `
      + `M ${p - 9 * x + 5 * y} ${q - 9 * y - 5 * x} L ${p} ${q} `
      + `L ${p - 9 * x - 5 * y} ${q - 9 * y + 5 * x}`;
  }

  const WIDE = 420, HIGH = 300;
  const at = (graph, i) => [20 + (WIDE - 40) * graph.places[i][0], 20 + (HIGH - 40) * graph.places[i][1]];

  function picture(graph, step, shown, marked, hover) {
    const svg = element("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "pg-graph" });
    for (const [i, j, w] of graph.list()) {
      const [a, b] = [at(graph, i), at(graph, j)];
      const line = graph.directed
        ? element("path", { d: arrow(a, b, 15, 17), class: "pg-edge", fill: "none" })
        : element("line", { x1: a[0], y1: a[1], x2: b[0], y2: b[1], class: "pg-edge" });
      svg.append(line);
      if (graph.weighted) {
        const place = { x: 0.55 * a[0] + 0.45 * b[0], y: 0.55 * a[1] + 0.45 * b[1] - 4 };
        svg.append(element("text", { ...place, class: "pg-weight" }, String(w)));
      }
    }
    if (step) {
      const heads = step.attention[step.attention.length - 1];
      const least = graph.numbers || graph.strings ? 0.4 : 0.05; // all see all: many small shares
      heads.forEach((head) => head.forEach((row, i) => row.forEach((share, j) => {
        if (i === j || share < least) return;
        const linked = hover && hover[0] === i && hover[1] === j;
        svg.append(element("path", {
          d: arrow(at(graph, i), at(graph, j), 14, 17), fill: "none",
          class: linked ? "pg-attends pg-hover" : "pg-attends", opacity: 0.15 + 0.45 * share,
        }));
      })));
      const pointer = shown.pointer && step.values[shown.pointer];
      if (pointer)
        pointer.forEach((j, i) => {
          if (i !== j && j < graph.n)
            svg.append(element("path", {
              d: arrow(at(graph, i), at(graph, j), 14, 17), fill: "none", class: "pg-parent",
            }));
        });
    }
    for (const i of range(graph.n)) {
      const [cx, cy] = at(graph, i);
      const kind = ["pg-node"];
      if (step && shown.reached(step, i)) kind.push("pg-reached");
      if (shown.sourced && i === graph.source) kind.push("pg-source");
      if (marked.has(i)) kind.push("pg-wrong");
      const node = element("g", { class: kind.join(" "), "data-node": i },
        element("circle", { cx, cy, r: 13 }),
        element("text", { x: cx, y: cy + 4.5 }, String(i)));
      svg.append(node);
      if (graph.beside(i))
        svg.append(element("text", { x: cx, y: cy + 27, class: "pg-weight" }, graph.beside(i)));
    }
    return svg;
  }

  const words = {
    mask: (x) => (x ? "yes" : "no"), mask_one: (x) => (x ? "here" : ""),
    pointer: String, categorical: String, scalar: (x) => String(+x.toFixed(2)),
  };

  // What each node holds; cells that the compiled network has otherwise are marked.
  function table(network, step, truth, graph) {
    const names = network.decoded.filter((n) => network.features[n].stage === "hint");
    const head = element("tr", {}, element("th", { scope: "col" }, "hint"),
      ...range(graph.n).map((i) => element("th", { scope: "col" }, String(i))));
    const rows = names.map((name) => {
      const { type, location } = network.features[name];
      const all = (values) => {
        if (location === "graph") return range(graph.n).map((i) => (i ? null : values));
        return type === "mask_one" ? range(graph.n).map((i) => +(i === values)) : values;
      };
      const [mine, right] = [all(step.values[name]), truth && all(truth.values[name])];
      const cells = mine.map((x, i) => {
        if (x === null) return element("td", {});
        const off = right && (type === "scalar" ? Math.abs(x - right[i]) > 0.05 : x !== right[i]);
        const said = words[type](x);
        return off
          ? element("td", { class: "pg-wrong", title: `compiled: ${words[type](right[i])}` }, `${said} ✗`)
          : element("td", {}, said);
      });
      return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
    });
    return element("div", { class: "pg-scroll", tabindex: 0, role: "region", "aria-label": "hints" },
      element("table", { class: "pg-hints" }, element("thead", {}, head), element("tbody", {}, ...rows)));
  }

  function matrices(step, graph, hovered) {
    const heads = step.attention[step.attention.length - 1];
    return element("div", { class: "pg-matrices" }, ...heads.map((head, k) => {
      const size = 15, n = graph.n;
      const svg = element("svg", {
        viewBox: `0 0 ${size * (n + 1)} ${size * (n + 1)}`, class: "pg-matrix", role: "img",
        "aria-label": `attention of head ${k + 1}: ` + head.map((row, i) => {
          const j = row.indexOf(Math.max(...row));
          return `${i} at ${j} ${Math.round(100 * row[j])} percent`;
        }).join(", "),
      });
      for (const i of range(n)) {
        svg.append(element("text", { x: size * (i + 1.5), y: 11, class: "pg-tick" }, String(i)));
        svg.append(element("text", { x: 7, y: size * (i + 1) + 11, class: "pg-tick" }, String(i)));
        for (const j of range(n)) {
          const cell = element("rect", {
            x: size * (j + 1), y: size * (i + 1), width: size - 1, height: size - 1,
            class: "pg-cell", "fill-opacity": 0.06 + 0.94 * head[i][j],
            onpointerenter: () => hovered([i, j]), onpointerleave: () => hovered(null),
          }, element("title", {}, `${i} looks at ${j}: ${Math.round(100 * head[i][j])} %`));
          svg.append(cell);
        }
      }
      const title = heads.length > 1 ? `head ${k + 1}` : "attention";
      return element("figure", {}, svg, element("figcaption", {}, title));
    }));
  }

  // --- The page ---

  function show(root, { names, small = false }) {
    const state = { name: names[0], time: 0, sharp: -1, hover: null, chosen: null, playing: null };
    const fetchScript = (file) => {
      if (!document.querySelector(`script[data-playground="${file}"]`))
        document.head.append(element("script", { src: `playground/${file}.js`, "data-playground": file }));
      waiting.push(() => begin());
    };
    const load = (name) => {
      if (!tasks[name]) fetchScript(name);
      else if (!small && tasks[name].learned && !tasks[name].trained) fetchScript(`${name}-trained`);
      return Boolean(tasks[name]);
    };
    const button = (text, press, more = {}) =>
      element("button", { type: "button", onclick: press, ...more }, text);
    const choose = element("select", {
      "aria-label": "algorithm",
      onchange: () => { state.name = choose.value; begin(); },
    });
    const back = button("Back", () => move(-1));
    const next = button("Step", () => move(1));
    const play = button("Play", () => (state.playing ? pause() : start()));
    const again = button("To the start", () => { state.time = 0; update(); });
    const slider = element("input", {
      type: "range", min: 0, step: 1, "aria-label": "sharpness of the compiled network",
      oninput: () => { state.sharp = +slider.value; compute(); update(); },
    });
    const sharpness = element("span", { class: "pg-small" });
    const said = element("p", { "aria-live": "polite", class: "pg-said" });
    const left = element("div", { class: "pg-side" });
    const right = element("div", { class: "pg-side" });
    const list = element("ul", { class: "pg-edges" });
    const changing = element("summary", {}, "Change the graph");
    const editing = element("details", small ? {} : { open: "" }, changing);

    function begin() {
      if (!load(state.name)) { said.textContent = "loading the networks…"; return; }
      const task = tasks[state.name];
      const before = state.graph && state.task === task;
      state.graph = before ? state.graph : startOf(task);
      state.task = task;
      state.sharp = task.compiled.length - 1;
      slider.max = task.compiled.length - 1;
      slider.value = state.sharp;
      state.time = 0;
      compute();
      update();
    }

    function compute() {
      const task = tasks[state.name], graph = state.graph;
      const most = task.most[graph.n];
      const exact = task.compiled[task.compiled.length - 1].network;
      state.end = course(exact, graph, most);
      const inputs = graph.inputs();
      state.truth = run(exact, inputs, state.end);
      state.soft = run(task.compiled[state.sharp].network, inputs, state.end);
      state.learned = task.trained && !small ? run(task.trained, inputs, state.end) : null;
      state.time = Math.min(state.time, state.end);
    }

    function edited() { state.time = 0; state.chosen = null; compute(); update(); }

    function move(by) {
      state.time = Math.min(state.end, Math.max(0, state.time + by));
      if (state.time === state.end) pause();
      update();
    }
    function start() {
      if (state.time === state.end) state.time = 0;
      play.textContent = "Pause";
      state.playing = setInterval(() => move(1), 900);
      update();
    }
    function pause() {
      clearInterval(state.playing);
      state.playing = null;
      play.textContent = "Play";
    }

    const hovered = (pair) => { state.hover = pair; pictures(); };

    // dragging, and choosing two nodes for an edge
    function interactive(svg) {
      let moving = null, moved = false;
      const place = (event) => {
        const box = svg.getBoundingClientRect();
        return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
          .map((x) => Math.min(0.97, Math.max(0.03, x)));
      };
      svg.addEventListener("pointerdown", (event) => {
        const node = event.target.closest("[data-node]");
        if (!node) return;
        moving = +node.dataset.node; moved = false;
        svg.setPointerCapture(event.pointerId);
      });
      svg.addEventListener("pointermove", (event) => {
        if (moving === null) return;
        const [x, y] = place(event), [a, b] = state.graph.places[moving];
        if (!moved && Math.hypot(x - a, y - b) < 0.03) return;
        moved = true;
        state.graph.places[moving] = [x, y];
        redraw(svg);
      });
      svg.addEventListener("pointerup", () => {
        if (moving !== null && !moved) pick(moving);
        else if (moved) pictures();
        moving = null;
      });
    }
    const redraw = (svg) => {
      const fresh = drawn(state.soft, false);
      svg.replaceChildren(...fresh.childNodes);
    };

    function pick(node) {
      if (state.graph.numbers || state.graph.strings) return;
      if (state.chosen === null || state.chosen === node) {
        state.chosen = state.chosen === node ? null : node;
        pictures();
        return;
      }
      const [i, j] = [state.chosen, node];
      if (state.graph.weight(i, j) === undefined) state.graph.set(i, j, 0.5);
      else state.graph.remove(i, j);
      edited();
    }

    function drawn(steps, mark) {
      const task = tasks[state.name];
      const step = state.time ? steps[state.time - 1] : null;
      const truth = state.time ? state.truth[state.time - 1] : null;
      const wrong = new Set();
      if (mark && step && task.pointer)
        step.values[task.pointer].forEach((x, i) => {
          if (x !== truth.values[task.pointer][i]) wrong.add(i);
        });
      if (state.chosen !== null) wrong.add(state.chosen);
      const reached = (seen, i) => {
        const value = task.reached && seen.values[task.reached];
        if (Array.isArray(value)) return value[i] > 0;
        return value === i;
      };
      const shown = { pointer: task.pointer, reached, sourced: task.sourced };
      return picture(state.graph, step, shown, wrong, state.hover);
    }

    function side(place, title, network, steps, mark) {
      const step = state.time ? steps[state.time - 1] : null;
      const truth = state.time ? state.truth[state.time - 1] : null;
      const svg = drawn(steps, mark);
      interactive(svg);
      const parts = [element("p", { class: "pg-title" }, title), svg];
      if (step && !small)
        parts.push(matrices(step, state.graph, hovered), table(network, step, mark && truth, state.graph));
      place.replaceChildren(...parts);
    }

    function pictures() {
      const task = tasks[state.name];
      const { network } = task.compiled[state.sharp];
      side(left, "compiled", network, state.soft, state.sharp < task.compiled.length - 1);
      if (state.learned) side(right, "trained", task.trained, state.learned, true);
      else right.replaceChildren();
    }

    function update() {
      const task = tasks[state.name], graph = state.graph;
      back.disabled = state.time === 0;
      next.disabled = state.time === state.end;
      sourced.hidden = !task.sourced;
      for (const part of [joining, told, tied]) part.hidden = !task.edges;
      for (const part of sizing) part.hidden = Boolean(task.strings);
      changing.textContent = task.edges ? "Change the graph"
        : task.strings ? "Change the strings (letters a to d)" : "Change the row";
      source.value = graph.source;
      sharpness.textContent = ` 2^${Math.log2(task.compiled[state.sharp].sharpness)}`;
      pictures();
      const parts = [`Step ${state.time} of ${state.end}.`];
      if (state.time === 0) parts.push("This is the graph as it is given.");
      if (state.time) {
        const exact = task.compiled[task.compiled.length - 1];
        const [first] = blurred(exact.components, state.truth[state.time - 1], graph.inputs());
        if (first)
          parts.push(`A tie: node ${first.node} found two equal keys, and a softmax shares its`
            + ` attention between them, so that its ${first.name} is ${first.value}. This graph`
            + " is outside of the compiled network's limits.");
        if (state.learned && task.pointer) {
          const [mine, right] = [state.learned, state.truth].map((s) => s[state.time - 1].values[task.pointer]);
          const wrong = mine.filter((x, i) => x !== right[i]).length;
          parts.push(wrong ? `The trained network has ${wrong} of ${graph.n} pointers otherwise.`
            : "The trained network has the same pointers.");
        }
      }
      if (state.time === state.end) parts.push("The run is over.");
      said.textContent = parts.join(" ");
      edges();
    }

    function numbers() {
      const graph = state.graph;
      return range(graph.n).map((i) => element("li", {}, `${i} `,
        ...Object.entries(graph.numbers).map(([name, row]) => element("input", {
          type: "number", min: 0, max: 1, step: 0.01, value: row[i],
          "aria-label": `${name} of node ${i}`,
          onchange: (event) => {
            row[i] = Math.min(1, Math.max(0, +event.target.value || 0));
            edited();
          },
        }))));
    }

    function strings() {
      const graph = state.graph;
      const spell = (name, which) => element("label", {}, `${name} `, element("input", {
        type: "text", value: graph.strings[which], maxlength: MOST - 1, "aria-label": name,
        onchange: (event) => {
          const both = [...graph.strings];
          both[which] = event.target.value.toLowerCase().replace(/[^abcd]/g, "");
          const [text, sought] = both, all = text.length + sought.length;
          if (sought.length && sought.length <= text.length && all <= MOST) graph.spell(text, sought);
          edited();
        },
      }));
      return [element("li", {}, spell("text", 0)), element("li", {}, spell("sought", 1))];
    }

    function edges() {
      const graph = state.graph, to = graph.directed ? "→" : "–";
      if (graph.numbers || graph.strings) {
        list.replaceChildren(...(graph.numbers ? numbers() : strings()));
        return;
      }
      list.replaceChildren(...graph.list().map(([i, j, w]) => {
        const input = element("input", {
          type: "number", min: 0.01, max: 1, step: 0.01, value: w,
          "aria-label": `weight of the edge ${i} ${to} ${j}`,
          onchange: () => {
            graph.set(i, j, Math.min(1, Math.max(0.01, +input.value || 0.5)));
            edited();
          },
        });
        return element("li", {}, `${i} ${to} ${j} `, ...(graph.weighted ? [input] : []),
          button("✕", () => { graph.remove(i, j); edited(); }, { "aria-label": `remove the edge ${i} ${to} ${j}` }),
          ...(graph.directed ? [button("⇄", () => {
            graph.remove(i, j); graph.set(j, i, w); edited();
          }, { "aria-label": `turn the edge ${i} ${to} ${j}` })] : []));
      }));
    }

    // of two neighbours' offers the second becomes equal to the first
    function tie() {
      const task = tasks[state.name], graph = Graph(task);
      range(4).forEach(() => graph.grow());
      graph.places = [[0.1, 0.5], [0.5, 0.15], [0.5, 0.85], [0.9, 0.5]];
      for (const [i, j, w] of [[0, 1, 0.4], [0, 2, 0.4], [1, 3, 0.3], [2, 3, 0.3]]) graph.set(i, j, w);
      state.graph = graph;
      edited();
    }

    const number = (label) => element("input", { type: "number", min: 0, max: MOST - 1, "aria-label": label });
    const [from, to] = [number("first node of the new edge"), number("second node of the new edge")];
    const source = element("input", {
      type: "number", min: 0, value: 0, "aria-label": "source",
      onchange: () => {
        state.graph.source = Math.min(state.graph.n - 1, Math.max(0, Math.round(+source.value || 0)));
        source.value = state.graph.source;
        edited();
      },
    });
    const sourced = element("label", {}, "source ", source);
    const told = element("p", { class: "pg-small" },
      "Drag nodes. Click one node and then another to join or part them.");
    const tied = button("Make a tie", tie);
    const sizing = [
      button("More nodes", () => { if (state.graph.n < MOST) { state.graph.grow(); edited(); } }),
      button("Fewer nodes", () => { if (state.graph.n > LEAST) { state.graph.shrink(); edited(); } }),
    ];
    const joining = element("div", { class: "pg-bar" }, element("span", {}, "join "), from,
      element("span", {}, " and "), to,
      button("Join", () => {
        const [i, j] = [from, to].map((x) => Math.round(+x.value));
        const fits = (x) => x >= 0 && x < state.graph.n;
        if (fits(i) && fits(j) && i !== j) { state.graph.set(i, j, 0.5); edited(); }
      }));
    editing.append(told,
      element("div", { class: "pg-bar" },
        button("Random", () => { state.graph = randomOf(tasks[state.name], state.graph.n); edited(); }),
        tied, ...sizing, sourced),
      joining, list);
    for (const name of names) choose.append(element("option", { value: name }, global.mindgapPlayground.titles[name] || name));
    root.classList.add("pg", ...(small ? ["pg-small-one"] : []));
    root.append(
      element("div", { class: "pg-bar" }, ...(names.length > 1 ? [choose] : []), again, back, next, play,
        ...(small ? [] : [element("label", {}, "sharpness ", slider, sharpness)])),
      said, element("div", { class: "pg-sides" }, left, right),
      ...(small ? [] : [editing]));
    begin();
    return { state, compute, update };
  }

  global.mindgapPlayground = {
    add, addTrained, show, tasks, Graph, course,
    titles: { bfs: "BFS", bellman_ford: "Bellman-Ford", dfs: "DFS", dijkstra: "Dijkstra", prim: "Prim",
      strongly_connected_components: "strongly connected components",
      articulation_points: "articulation points", minimum: "minimum of a row",
      insertion_sort: "insertion sort", find_maximum_subarray_kadane: "Kadane's maximum subarray",
      naive_string_matcher: "naive string matching" },
  };
})(typeof window === "undefined" ? globalThis : window);
