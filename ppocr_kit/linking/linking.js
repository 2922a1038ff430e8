"use strict";

// One page is shown at a time. What is done on it is applied here at once and sent as links to add and to
// remove; the answer holds the page as links.json has it then, with what other windows did. Texts of labels
// are only ever set as text, never as markup.

const el = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const RETRY_MS = 2000;
const state = { pages: [], page: null, selected: null, wanted: "", zoom: 1, size: [1000, 1000], loading: 0 };
const histories = new Map();
const hues = new Map();
const queue = [];
let sending = false;
let pressed = false;
let stale = false;
let changes = 0;

// ---- talking to the server

async function ask(what, name, body) {
  const query = name === undefined ? "" : `?name=${encodeURIComponent(name)}`;
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    // the request ends even when the window is closed meanwhile
    keepalive: true,
  };
  const answer = await fetch(what + query, options);
  const value = await answer.json();
  if (!answer.ok) {
    const said = [value.error, value.at, value.hint].filter(Boolean).join(" · ");
    throw Object.assign(new Error(said), { status: answer.status });
  }
  return value;
}

async function send() {
  if (sending) return;
  sending = true;
  while (queue.length) {
    const { name, change } = queue[0];
    showSaved();
    try {
      const page = await ask("page", name, change);
      queue.shift();
      hideBanner();
      take(page);
    } catch (error) {
      if (error.status === 409) {
        drop(name);
        if (state.page?.name === name) await open(name);
        showBanner(`${name}: ${error.message}. It was loaded anew; the last click was not saved.`);
      } else if (error.status === 400 || error.status === 404) {
        drop(name);
        showBanner(`Not saved: ${error.message}`);
      } else {
        const reason = error.status ? error.message : "no answer from ppocr-kit labels link; is it still running?";
        showBanner(`Not saved yet: ${reason}. Trying again.`);
        showSaved();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
  sending = false;
  showSaved();
}

function drop(name) {
  for (let at = queue.length - 1; at >= 0; at--) if (queue[at].name === name) queue.splice(at, 1);
  histories.delete(name);
}

/** Take in a page as the server has it. */
function take(page) {
  changes++;
  const entry = state.pages.find((one) => one.name === page.name);
  if (entry) Object.assign(entry, { done: page.done, revision: page.revision });
  for (const waiting of queue) if (waiting.name === page.name) waiting.change.revision = page.revision;
  if (page.merged) say("Another window changed this page too; both are kept.");
  // clicks that wait are not in the answer yet
  if (state.page && page.name === state.page.name && !queue.some((one) => one.name === page.name)) {
    state.page = page;
    if (state.selected !== null && !region(state.selected)) state.selected = null;
  } else if (state.page && page.name === state.page.name) {
    state.page.revision = page.revision;
  }
  renderAnew();
}

// ---- what people do

const key = (ends) => `${ends[0]} ${ends[1]}`;
const endsOf = (link) => [link.question, link.answer];

/** Do something on the page that can be undone. */
function act(change, history = "undo") {
  const { page } = state;
  changes++;
  const present = new Map(page.links.map((link) => [key(endsOf(link)), link]));
  const add = change.add.filter((link) => !present.has(key(link)));
  const gone = change.remove.map((ends) => present.get(key(ends))).filter(Boolean);
  const done = change.done === undefined || change.done === page.done ? undefined : change.done;
  if (!add.length && !gone.length && done === undefined) return;
  const back = {
    add: gone.map((link) => [link.question, link.answer, link.origin]),
    remove: add.map((link) => link.slice(0, 2)),
    done: done === undefined ? undefined : page.done,
  };
  remember(history, back);
  const removed = new Set(gone.map((link) => key(endsOf(link))));
  page.links = page.links
    .filter((link) => !removed.has(key(endsOf(link))))
    .concat(add.map(([question, answer, origin]) => ({ question, answer, origin })))
    .sort((a, b) => a.question - b.question || a.answer - b.answer);
  const linked = new Set(page.links.flatMap(endsOf));
  page.proposals = page.proposals.filter((ends) => !linked.has(ends[1]));
  if (done !== undefined) page.done = done;
  queue.push({
    name: page.name,
    change: {
      boxes: page.boxes,
      revision: page.revision,
      add,
      remove: gone.map(endsOf),
      ...(done === undefined ? {} : { done }),
    },
  });
  renderPage();
  send();
}

function historyOf(name) {
  if (!histories.has(name)) histories.set(name, { undo: [], redo: [] });
  return histories.get(name);
}

function remember(kind, back) {
  const history = historyOf(state.page.name);
  if (kind === "undo") history.redo.length = 0;
  history[kind === "undoing" ? "redo" : "undo"].push(back);
}

function stepBack() {
  const back = historyOf(state.page.name).undo.pop();
  if (back) act(back, "undoing");
  say(back ? "Undone." : "Nothing to undo on this page.");
}

function stepForward() {
  const again = historyOf(state.page.name).redo.pop();
  if (again) act(again, "redoing");
  say(again ? "Done again." : "Nothing to redo on this page.");
}

function acceptProposals(proposals) {
  act({ add: proposals.map(([question, answer]) => [question, answer, "people"]), remove: [] });
  say(proposals.length ? `${proposals.length} accepted.` : "There is no proposal to accept.");
}

function choose(index) {
  const box = region(index);
  if (state.selected === null) {
    select(index);
  } else if (state.selected === index) {
    select(null);
  } else {
    // whichever was clicked first, the question is the question
    const first = region(state.selected);
    const turned = first.side === "answer" && box.side !== "answer";
    const ends = turned ? [index, state.selected] : [state.selected, index];
    const there = state.page.links.some((link) => key(endsOf(link)) === key(ends));
    act(there ? { add: [], remove: [ends] } : { add: [[...ends, "people"]], remove: [] });
    say(`${there ? "No link any more" : "Linked"}: ${clip(region(ends[0]).text)} → ${clip(region(ends[1]).text)}`);
    if (turned) select(ends[0], false);
  }
}

function select(index, tell = true) {
  state.selected = index;
  renderPage();
  if (!tell) return;
  if (index === null) say("");
  else if (region(index).side === "answer") say(`Answer ${clip(region(index).text)}: now click its question.`);
  else say(`Question ${clip(region(index).text)}: now click its answers.`);
}

function unlinkSelected() {
  if (state.selected === null) return say("Choose a box first.");
  act({ add: [], remove: state.page.links.map(endsOf).filter((ends) => ends.includes(state.selected)) });
}

async function markDone() {
  if (state.page.done) return act({ add: [], remove: [], done: false });
  act({ add: [], remove: [], done: true });
  const entry = state.pages.find((one) => one.name === state.page.name);
  entry.done = true;
  await go(1, true);
}

/** Go to another page: the next one in the list, or the next open one, from here round the end. */
async function go(step, openOnly = el("open-only").checked) {
  // also while a page is still loading
  const at = state.pages.findIndex((one) => one.name === state.wanted);
  for (let distance = 1; distance < state.pages.length; distance++) {
    const next = at + step * distance;
    const entry = openOnly ? state.pages[(next + state.pages.length) % state.pages.length] : state.pages[next];
    if (!entry) break;
    if (!openOnly || !entry.done) return open(entry.name);
  }
  renderPages();
  say(openOnly ? "No other page is open." : step > 0 ? "This is the last page." : "This is the first page.");
}

async function open(name) {
  const number = ++state.loading;
  state.wanted = name;
  let page, picture;
  try {
    page = await ask("page", name);
    picture = await loadPicture(page);
  } catch (error) {
    state.wanted = state.page?.name;
    showBanner(`${name} cannot be shown: ${error.message}`);
    return;
  }
  if (number !== state.loading) return;
  // picture and boxes change together: no click meets boxes of another page
  hideBanner();
  Object.assign(state, { page, selected: null, size: picture.size });
  if (picture.address) {
    el("image").setAttribute("href", picture.address);
  } else {
    el("image").removeAttribute("href");
    showBanner("The picture cannot be shown; the boxes stand where they are on it.");
  }
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  renderPage();
  renderPages();
  fit();
  const proposed = page.proposals.length ? `${page.proposals.length} proposed: a accepts all. ` : "";
  say(`${proposed}Click a question, then its answers.`);
  prefetch(name);
}

const imageAddress = (page) => `image?name=${encodeURIComponent(page.name)}&v=${page.image}`;

/** Load the picture of a page; without an address where the browser cannot show it. */
async function loadPicture(page) {
  const picture = new Image();
  picture.src = imageAddress(page);
  try {
    await picture.decode();
    return { size: [picture.naturalWidth, picture.naturalHeight], address: picture.src };
  } catch {
    const points = page.regions.flatMap((one) => one.points);
    return { size: [0, 1].map((axis) => Math.max(100, ...points.map((point) => point[axis])) + 20) };
  }
}

async function prefetch(name) {
  const at = state.pages.findIndex((one) => one.name === name);
  const next = state.pages[at + 1];
  if (!next) return;
  try {
    new Image().src = imageAddress(await ask("page", next.name));
  } catch {
    // told when the page is opened
  }
}

// ---- what is seen

const region = (index) => state.page.regions.find((one) => one.index === index);
const clip = (text) => `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;

function hueOf(box) {
  // question and answer of a field have one colour, and no two fields nearly the same
  const name = box.field || box.class || "";
  if (!hues.has(name)) hues.set(name, Math.round((210 + hues.size * 137.508) % 360));
  return hues.get(name);
}

const sideOf = (box) => (box.side === "question" || box.side === "answer" ? box.side : box.class && !box.side ? "answer" : "other");

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function bdi(text) {
  const made = document.createElement("bdi");
  made.textContent = text.trim() || "(empty)";
  return made;
}

/** Show what the server said; not while the mouse is pressed, for an element that is replaced then gets no click. */
function renderAnew() {
  stale = pressed;
  if (pressed || !state.page) return;
  renderPage();
  renderPages();
}

function release() {
  pressed = false;
  if (stale) renderAnew();
}

function renderPage() {
  const { page } = state;
  const [width, height] = state.size;
  el("picture").setAttribute("viewBox", `0 0 ${width} ${height}`);
  el("image").setAttribute("width", width);
  el("image").setAttribute("height", height);
  renderBoxes();
  renderLines();
  renderLists();
  const history = historyOf(page.name);
  el("undo").disabled = !history.undo.length;
  el("redo").disabled = !history.redo.length;
  el("done").textContent = page.done ? "Open again" : "Ready ✓";
  el("done").setAttribute("aria-pressed", page.done);
}

function renderBoxes() {
  const { page, selected } = state;
  const focused = document.activeElement?.dataset?.index;
  const partners = new Set(page.links.filter((link) => endsOf(link).includes(selected)).flatMap(endsOf));
  const shapes = page.regions.map((box) => {
    const classes = ["box", sideOf(box)];
    if (box.ignored) classes.push("ignored");
    if (box.index === selected) classes.push("selected");
    else if (partners.has(box.index)) classes.push("partner");
    const shape = draw("polygon", {
      points: box.points.map((point) => point.join(",")).join(" "),
      class: classes.join(" "),
      tabindex: 0,
      role: "button",
      "aria-pressed": box.index === selected,
      "aria-label": `${box.side || box.class || "text"}: ${box.text}`,
      "data-index": box.index,
    });
    shape.style.setProperty("--hue", hueOf(box));
    const title = draw("title", {});
    title.textContent = `${box.class || "no class"}\n${box.text}`;
    shape.append(title);
    return shape;
  });
  // small boxes on top, so that each can be clicked
  shapes.sort((a, b) => area(b) - area(a));
  el("boxes").replaceChildren(...shapes);
  if (focused !== undefined) el("boxes").querySelector(`[data-index="${focused}"]`)?.focus();
}

function frame(box) {
  const xs = box.points.map((point) => point[0]);
  const ys = box.points.map((point) => point[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function area(shape) {
  const [left, top, right, bottom] = frame(region(Number(shape.dataset.index)));
  return (right - left) * (bottom - top);
}

function renderLines() {
  const { page, selected } = state;
  const pixel = state.size[0] / (el("picture").clientWidth || state.size[0]);
  const lines = [];
  const add = (ends, kind) => {
    const faint = selected !== null && !ends.includes(selected) ? " faint" : "";
    const [path, tip] = course(frame(region(ends[0])), frame(region(ends[1])));
    lines.push(draw("path", { d: path, class: `line ${kind}${faint}` }));
    lines.push(draw("circle", { cx: tip[0], cy: tip[1], r: 4.5 * pixel, class: `tip ${kind}${faint}` }));
  };
  if (!page.done) page.proposals.forEach((ends) => add(ends, "proposal"));
  page.links.forEach((link) => add(endsOf(link), "settled"));
  el("lines").replaceChildren(...lines);
}

/** The way from a question to its answer: out at the side that faces it, in at the near edge. */
function course(question, answer) {
  const middle = (box, axis) => (box[axis] + box[axis + 2]) / 2;
  const height = Math.min(question[3] - question[1], answer[3] - answer[1]);
  if (Math.min(question[3], answer[3]) - Math.max(question[1], answer[1]) > height / 2) {
    const rightward = middle(answer, 0) > middle(question, 0);
    const from = [rightward ? question[2] : question[0], middle(question, 1)];
    const to = [rightward ? answer[0] : answer[2], middle(answer, 1)];
    const half = (from[0] + to[0]) / 2;
    return [`M${from} C${half},${from[1]} ${half},${to[1]} ${to}`, to];
  }
  const down = middle(answer, 1) > middle(question, 1);
  // straight down where both overlap, at the end, where it covers least of the text
  const shared = [Math.max(question[0], answer[0]), Math.min(question[2], answer[2])];
  const x = shared[0] < shared[1] ? shared[1] - Math.min(height, shared[1] - shared[0]) / 2 : null;
  const end = down ? answer[1] : answer[3];
  const reach = (down ? -0.6 : 0.6) * height;
  const start = down ? Math.min(question[3], end + reach) : Math.max(question[1], end + reach);
  const from = [x ?? middle(question, 0), start];
  const to = [x ?? middle(answer, 0), end];
  const half = (from[1] + to[1]) / 2;
  return [`M${from} C${from[0]},${half} ${to[0]},${half} ${to}`, to];
}

function renderLists() {
  const { page } = state;
  const proposals = page.done ? [] : page.proposals;
  el("proposed").hidden = !proposals.length;
  el("proposals-count").textContent = proposals.length;
  el("proposals").replaceChildren(
    ...proposals.map((ends) =>
      make("li", {}, pairButton(ends), make("button", { type: "button", onclick: () => acceptProposals([ends]) }, "Accept")),
    ),
  );
  el("links-count").textContent = page.links.length;
  el("links").replaceChildren(
    ...page.links.map((link) =>
      make(
        "li",
        {},
        pairButton(endsOf(link)),
        make("small", { title: "where the link came from" }, link.origin),
        make(
          "button",
          {
            type: "button",
            "aria-label": `Take away the link to ${region(link.answer).text}`,
            title: "Take the link away",
            onclick: () => act({ add: [], remove: [endsOf(link)] }),
          },
          "✕",
        ),
      ),
    ),
  );
  if (!page.links.length) el("links").append(make("li", { class: "empty" }, "none yet"));
  const linked = new Set(page.links.flatMap(endsOf));
  const loose = page.regions.filter((box) => sideOf(box) !== "other" && !box.ignored && !linked.has(box.index));
  el("loose").hidden = !loose.length;
  el("unlinked-count").textContent = loose.length;
  el("unlinked").replaceChildren(
    ...loose.map((box) =>
      make("li", {}, make("button", { type: "button", class: "pair", onclick: () => choose(box.index) }, bdi(box.text)), make("small", {}, box.class || "")),
    ),
  );
  renderLegend();
  el("findings").replaceChildren(...page.findings.map((found) => make("li", {}, `${found.code}: ${found.text}`)));
}

function pairButton([question, answer]) {
  const arrow = make("span", { class: "arrow" }, "→");
  const parts = [bdi(region(question).text), arrow, bdi(region(answer).text)];
  return make("button", { type: "button", class: "pair", onclick: () => select(question) }, ...parts);
}

function renderLegend() {
  const classes = new Map(state.page.regions.map((box) => [box.class, box]));
  const items = [...classes.values()].map((box) => {
    const swatch = make("span", { class: `swatch ${sideOf(box)}` });
    swatch.style.setProperty("--hue", hueOf(box));
    const name = document.createElement("bdi");
    name.textContent = box.class || "no class";
    return make("li", {}, swatch, name);
  });
  el("legend").replaceChildren(...items);
}

function renderPages() {
  const done = state.pages.filter((one) => one.done).length;
  el("progress").max = state.pages.length;
  el("progress").value = done;
  el("progress-text").textContent = `${done} of ${state.pages.length} pages ready`;
  const current = state.page?.name;
  const shown = state.pages.filter((one) => !el("open-only").checked || !one.done || one.name === current);
  const items = shown.map((entry) => {
    const status = entry.done ? "done" : entry.revision ? "begun" : "open";
    const name = document.createElement("bdi");
    name.textContent = entry.name;
    const button = make("button", { type: "button", title: `${entry.name}: ${status}`, onclick: () => open(entry.name) }, name);
    if (entry.name === current) button.setAttribute("aria-current", "page");
    return make("li", { class: status }, button);
  });
  const top = el("pages").parentElement.scrollTop;
  el("pages").replaceChildren(...items);
  el("pages").parentElement.scrollTop = top;
  el("pages").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function fit() {
  const stage = el("stage");
  const [width, height] = state.size;
  const scale = Math.min((stage.clientWidth - 24) / width, (stage.clientHeight - 24) / height) * state.zoom;
  el("picture").setAttribute("width", Math.max(50, width * scale));
  el("picture").setAttribute("height", Math.max(50, height * scale));
  if (state.page) renderLines();
}

function zoom(factor) {
  const stage = el("stage");
  const middle = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
  const before = state.zoom;
  state.zoom = factor === 0 ? 1 : Math.min(12, Math.max(0.5, state.zoom * factor));
  fit();
  const grown = state.zoom / before;
  stage.scrollTo(middle[0] * grown - stage.clientWidth / 2, middle[1] * grown - stage.clientHeight / 2);
}

function say(text) {
  el("hint").textContent = text;
}

function showSaved() {
  el("saved").textContent = queue.length ? `saving ${queue.length}…` : "all saved";
  el("saved").classList.toggle("waiting", queue.length > 0);
}

function showBanner(text) {
  el("banner").textContent = text;
  el("banner").hidden = false;
}

function hideBanner() {
  el("banner").hidden = true;
}

// ---- keys, buttons, and the beginning

const KEYS = {
  n: () => go(1),
  // an enlarged page is moved by the arrows
  ArrowRight: () => state.zoom > 1 || go(1),
  p: () => go(-1),
  ArrowLeft: () => state.zoom > 1 || go(-1),
  a: () => acceptProposals(state.page.done ? [] : state.page.proposals),
  d: markDone,
  u: stepBack,
  r: stepForward,
  x: unlinkSelected,
  Delete: unlinkSelected,
  Escape: () => select(null),
  o: () => el("open-only").click(),
  "?": () => el("help").showModal(),
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  0: () => zoom(0),
};

function onKey(event) {
  if (!state.page || el("help").open || event.altKey || event.metaKey) return;
  const index = event.target.dataset?.index;
  if (index !== undefined && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    return choose(Number(index));
  }
  if (event.ctrlKey) {
    const step = { z: event.shiftKey ? stepForward : stepBack, y: stepForward }[event.key.toLowerCase()];
    if (step) {
      event.preventDefault();
      step();
    }
    return;
  }
  const known = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!known) return;
  if (!(event.key.startsWith("Arrow") && state.zoom > 1)) event.preventDefault();
  known();
}

function listen() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", () => (pressed = true), true);
  // after the click that belongs to it
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => setTimeout(release));
  el("picture").addEventListener("click", (event) => {
    const index = event.target.dataset?.index;
    // a box that went away while the mouse was pressed is no box any more
    if (index === undefined || !region(Number(index))) select(null);
    else choose(Number(index));
  });
  const buttons = { previous: KEYS.p, next: KEYS.n, undo: stepBack, redo: stepForward, done: markDone };
  for (const [id, work] of Object.entries(buttons)) el(id).addEventListener("click", () => work());
  el("accept-all").addEventListener("click", () => KEYS.a());
  el("keys").addEventListener("click", () => KEYS["?"]());
  el("open-only").addEventListener("change", renderPages);
  window.addEventListener("resize", fit);
  window.addEventListener("beforeunload", (event) => {
    if (queue.length) event.preventDefault();
  });
  // another window may have worked meanwhile
  window.addEventListener("focus", refresh);
}

async function refresh() {
  if (queue.length || !state.page) return;
  const before = changes;
  try {
    const [pages, page] = await Promise.all([ask("pages"), ask("page", state.page.name)]);
    // what was done meanwhile may not be in it
    if (changes !== before || page.name !== state.page.name) return;
    state.pages = pages;
    if (page.revision !== state.page.revision || page.boxes !== state.page.boxes) take(page);
    else renderPages();
  } catch {
    // told at the next click
  }
}

async function begin() {
  listen();
  try {
    state.pages = await ask("pages");
  } catch (error) {
    return showBanner(`The folder cannot be shown: ${error.message}`);
  }
  const wanted = location.hash.slice(1);
  const first = state.pages.find((one) => encodeURIComponent(one.name) === wanted) || state.pages.find((one) => !one.done);
  await open((first || state.pages[0]).name);
  showSaved();
}

begin();
