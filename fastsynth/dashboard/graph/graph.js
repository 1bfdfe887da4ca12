// What makes the graph page answer: panning, zooming, filters, and the panel of evidence.
const data = JSON.parse(document.getElementById('data').textContent);
const svg = document.querySelector('#view svg'), panel = document.getElementById('panel');
const NS = 'http://www.w3.org/2000/svg';
const full = svg.getAttribute('viewBox').split(' ').map(Number);
let box = full.slice();
const el = (tag, text, kind) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (kind) node.className = kind;
  return node;
};
const show = () => svg.setAttribute('viewBox', box.join(' '));
const reach = name => svg.querySelector(`[data-tool="${CSS.escape(name)}"]`);
const linkNodes = [...svg.querySelectorAll('.link')];
linkNodes.forEach(g => {
  const hit = g.querySelector('path').cloneNode();
  hit.removeAttribute('marker-end'); hit.setAttribute('class', 'hit'); g.append(hit);
});

function clear() {
  svg.classList.remove('focus');
  svg.querySelectorAll('.near,.chosen').forEach(n => n.classList.remove('near', 'chosen'));
}
function focusOn(names, links, chosen) {
  clear(); svg.classList.add('focus');
  names.forEach(n => reach(n)?.classList.add('near'));
  links.forEach(g => g.classList.add('near'));
  chosen.classList.add('chosen', 'near');
}
const pathText = e => (e.path || 'the result') + ' \u2192 ' + e.parameter;
function call(c) { return c.tool + '(' + JSON.stringify(c.arguments) + ')'; }
function marked(text, value) {
  const pre = el('pre'), needle = typeof value === 'string' ? value : JSON.stringify(value);
  const at = value === undefined ? -1 : text.indexOf(needle);
  if (at < 0 || !needle) { pre.textContent = text; return pre; }
  pre.append(text.slice(0, at), el('mark', needle), text.slice(at + needle.length));
  return pre;
}
function meter(label, ok, all, bad) {
  const row = el('div', undefined, 'meter' + (bad ? ' bad' : ''));
  const bar = el('div'), fill = el('i');
  fill.style.width = all ? 100 * ok / all + '%' : '0'; bar.append(fill);
  row.append(el('span', label), bar, el('span', ok + ' of ' + all));
  return row;
}
const SAYS = {
  flow: 'A value of this path makes the call run; values of the same form that no tool gave do not.',
  schema: 'Name and type match. No experiment tells this parameter\u2019s sources apart.',
  declared: 'Declared by whoever wrote or joined the tools.',
  order: 'Fails unless the other ran before; no value passes between them.',
};
function valueProof(e) {
  const card = el('div', undefined, 'proof');
  card.append(el('b', pathText(e)), el('p'));
  card.lastChild.append(el('span', e.evidence, 'tag ' + e.evidence));
  if (e.usable === false) card.lastChild.append(el('span', 'proposed only', 'tag schema'));
  if (e.concept) card.lastChild.append(el('span', 'concept ' + e.concept, 'dim'));
  card.append(el('p', SAYS[e.evidence], 'dim'));
  if (e.trials) {
    card.append(meter('values from here', e.support, e.trials));
    card.append(meter('strangers', e.controls_ok, e.controls, true));
  }
  const x = e.example || {};
  if (x.produced_by) {
    card.append(el('h3', 'this call gave it'), marked(call(x.produced_by)));
    card.append(marked(x.produced_by.result, x.value));
    card.append(el('h3', 'this call ran with it'), marked(call(x.used_in), x.value));
  }
  if (x.refused) {
    card.append(el('h3', 'and failed with a stranger'));
    card.append(marked(e.consumer + '(' + JSON.stringify(x.refused.arguments) + ')'));
    card.append(marked(x.refused.message));
  }
  return card;
}
function orderProof(o) {
  const card = el('div', undefined, 'proof'), x = o.example || {};
  card.append(el('b', o.before + ' before ' + o.after), el('p', SAYS.order, 'dim'));
  if (o.trials) card.append(meter('scenarios', o.support, o.trials));
  if (x.before) {
    card.append(el('h3', 'with'), marked(call(x.before) + '\n' + call(x.after) + '\nran'));
    card.append(el('h3', 'without'), marked(call(x.after) + '\n' + x.without));
  }
  return card;
}
function jump(text, go) { const b = el('button', text); b.onclick = go; return b; }

function showLink(number) {
  const link = data.links[number], g = linkNodes[number];
  focusOn([link.source, link.target], [g], g);
  panel.replaceChildren(el('h2', link.source + ' \u2192 ' + link.target));
  const list = link.kind === 'order' ? data.orders : data.edges;
  link.edges.forEach(n => panel.append(link.kind === 'order' ? orderProof(list[n]) : valueProof(list[n])));
  panel.append(el('h3', 'ends'), jump(link.source, () => showTool(link.source)),
    jump(link.target, () => showTool(link.target)));
  panel.scrollTop = 0; location.hash = 'link-' + link.source + '-' + link.target + '-' + link.kind;
}
function showTool(name) {
  const tool = data.tools[name], near = new Set([name]), own = [];
  data.links.forEach((l, n) => {
    if (l.source === name || l.target === name) { near.add(l.source).add(l.target); own.push(n); }
  });
  focusOn(near, own.map(n => linkNodes[n]), reach(name));
  panel.replaceChildren(el('h2', name), el('p'));
  const tags = panel.lastChild;
  tags.append(el('span', tool.part, 'dim'), ' ');
  if (tool.mutates) tags.append(el('span', 'changes the state', 'tag writes'));
  const found = data.found;
  if ((found.silent || []).includes(name)) tags.append(el('span', 'never ran', 'tag schema'));
  panel.append(el('p', tool.description));
  if ((found.volatile || {})[name]) panel.append(
    el('p', 'Volatile: ' + found.volatile[name].join(', '), 'dim'));
  const section = (title, links, side) => {
    if (!links.length) return;
    panel.append(el('h3', title));
    links.forEach(n => panel.append(jump(side(data.links[n], n), () => showLink(n))));
  };
  const lines = l => l.kind === 'order' ? '' :
    ': ' + l.edges.map(n => pathText(data.edges[n])).join(', ');
  section('takes values from', own.filter(n => data.links[n].target === name && data.links[n].kind !== 'order'),
    l => l.source + lines(l));
  section('gives values to', own.filter(n => data.links[n].source === name && data.links[n].kind !== 'order'),
    l => l.target + lines(l));
  section('needs before it', own.filter(n => data.links[n].target === name && data.links[n].kind === 'order'), l => l.source);
  section('unlocks', own.filter(n => data.links[n].source === name && data.links[n].kind === 'order'), l => l.target);
  const free = (found.free || []).filter(f => f.startsWith(name + '.')).map(f => f.slice(name.length + 1));
  if (free.length) panel.append(el('h3', 'takes anything'), el('p', free.join(', '), 'dim'));
  const hidden = (found.opaque || []).filter(f => f.startsWith(name + '.')).map(f => f.slice(name.length + 1));
  if (hidden.length) panel.append(el('h3', 'only results hold its values'), el('p', hidden.join(', '), 'dim'));
  panel.scrollTop = 0; location.hash = 'tool-' + name;
}
function welcome() {
  clear(); panel.replaceChildren(el('h2', 'How to read it'));
  panel.append(el('p', 'An arrow leads from the tool that gives a value, or has to run first, to the one that uses it. Click an arrow for its evidence, a tool for all it is linked to. Drag to move, scroll to zoom, double-click for the whole.'));
  panel.append(el('p', 'A tool with a coloured rim changes the state.'));
  const f = data.found;
  if (f.calls) {
    panel.append(el('h3', 'found by execution'), el('p', f.calls.toLocaleString() + ' calls in ' +
      f.scenarios + ' scenarios; ' + f.refuted + ' edges that names proposed were refuted.'));
    if (f.silent.length) panel.append(el('h3', 'never ran'), el('p', f.silent.join(', '), 'dim'));
    const hung = f.hung || [], lost = f.banned.filter(n => !hung.includes(n));
    if (hung.length) panel.append(el('h3', 'left out: did not come back, twice'),
      el('p', hung.map(n => (f.stopped || {})[n] || n).join('; '), 'dim'));
    if (lost.length) panel.append(el('h3', 'left out: results cannot be repeated'),
      el('p', lost.join(', '), 'dim'));
    const masked = Object.entries(f.masked || {});
    if (masked.length) panel.append(el('h3', 'masked: varies by itself'),
      el('p', masked.map(([n, p]) => n + ': ' + p.join(', ')).join('; '), 'dim'));
  }
  const counted = {};
  data.links.forEach(l => counted[l.source] = (counted[l.source] || 0) + l.edges.length);
  const most = Object.entries(counted).sort((a, b) => b[1] - a[1]).slice(0, 8);
  panel.append(el('h3', 'most depended on'));
  most.forEach(([n, c]) => panel.append(jump(n + '  ' + c, () => showTool(n))));
}

function filter() {
  const on = {};
  document.querySelectorAll('header input[type=checkbox]').forEach(i => on[i.value] = i.checked);
  linkNodes.forEach((g, n) => {
    const hide = !on[data.links[n].kind] || (g.classList.contains('between') && !on.between);
    g.classList.toggle('hidden', hide);
  });
}
document.querySelectorAll('header input[type=checkbox]').forEach(i => i.onchange = filter);
const find = document.querySelector('input[type=search]');
find.oninput = () => {
  const text = find.value.trim().toLowerCase();
  if (!text) return welcome();
  const hits = Object.keys(data.tools).filter(n => n.toLowerCase().includes(text));
  clear(); svg.classList.add('focus'); hits.forEach(n => reach(n).classList.add('near'));
  panel.replaceChildren(el('h2', hits.length + ' found'));
  hits.forEach(n => panel.append(jump(n, () => showTool(n))));
};
find.onkeydown = e => {
  const first = panel.querySelector('button');
  if (e.key === 'Enter' && first && find.value.trim()) first.click();
};
let drag = null, moved = false;
const view = document.getElementById('view');
view.onpointerdown = e => { drag = [e.clientX, e.clientY, box.slice()]; moved = false; };
window.onpointermove = e => {
  if (!drag) return;
  const k = Math.max(box[2] / view.clientWidth, box[3] / view.clientHeight);
  const dx = e.clientX - drag[0], dy = e.clientY - drag[1];
  moved = moved || Math.abs(dx) + Math.abs(dy) > 4;
  box[0] = drag[2][0] - dx * k; box[1] = drag[2][1] - dy * k; show();
};
window.onpointerup = () => { drag = null; };
view.onwheel = e => {
  e.preventDefault();
  const at = new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const k = Math.exp(e.deltaY * 0.0015);
  box = [at.x - (at.x - box[0]) * k, at.y - (at.y - box[1]) * k, box[2] * k, box[3] * k]; show();
};
view.ondblclick = () => { box = full.slice(); show(); };
view.onclick = e => {
  if (moved) return;
  const tool = e.target.closest('.tool'), link = e.target.closest('.link');
  if (tool) showTool(tool.dataset.tool);
  else if (link) showLink(+link.dataset.link);
  else { history.replaceState(null, '', ' '); welcome(); }
};
view.onkeydown = e => {
  const tool = e.target.closest('.tool');
  if (tool && e.key === 'Enter') showTool(tool.dataset.tool);
};
filter(); welcome();
const hash = decodeURIComponent(location.hash.slice(1));
if (hash.startsWith('tool-') && data.tools[hash.slice(5)]) showTool(hash.slice(5));
if (hash.startsWith('link-')) {
  const n = data.links.findIndex(l => 'link-' + l.source + '-' + l.target + '-' + l.kind === hash);
  if (n >= 0) showLink(n);
}
