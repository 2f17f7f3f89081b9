/* The state of a pilotfish, live: after each event of /events it fetches /status and /graph.
 *
 * Texts from outside become text nodes and never markup.
 */
'use strict';

const eventsMost = 200, refreshPause = 250, slowRefresh = 10000, patience = 5000, retryMost = 10000;

const find = id => document.getElementById(id);

function setText(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

function setCondition(element, condition) {
	if (condition)
		element.dataset.condition = condition;
	else
		delete element.dataset.condition;
}

function show(id, shown) {
	find(id).hidden = !shown;
}

/* ---- words ---- */

function span(seconds) {
	const parts = [[86400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']];
	const first = parts.findIndex(([unit]) => seconds >= unit);

	if (first < 0)
		return '0s';
	return parts.slice(first, first + 2).map(([unit, letter], i) => [
		Math.floor(i ? seconds % parts[first][0] / unit : seconds / unit), letter,
	]).filter(([count], i) => count || !i).map(pair => pair.join('')).join(' ');
}

/* The answer's ages grow until the next one. */
let fetchedAt = 0;

function age(seconds) {
	return seconds === null ? '' : span(seconds + (performance.now() - fetchedAt) / 1000);
}

const yes = flag => flag ? 'yes' : 'no';

/* ---- tables ---- */

/* A column: its title, the text of an element's cell, its class; `mark`: the cell has the colour of the state. */
const number = { style: 'number' }, long = { style: 'long' }, mark = { style: 'state', mark: true };
const tables = {
	jobs: { kind: 'job', columns: [
		['Job', job => job.name],
		['State', job => job.state, mark],
		['Health', job => !job.health ? '' : job.health.known ? job.health.status : 'unknown', mark],
		['PID', job => job.pid || '', number],
		['Restarts', job => job.restarts, number],
		['Up', job => age(job.uptime), number],
		['Exit', job => job.exitCode, number],
		['Last check', job => job.health && job.health.output.trim(), long],
	] },
	services: { columns: [
		['Service', service => service.name],
		['In Consul', service => !service.registered ? 'not registered' : service.maintenance ? 'in maintenance' :
			service.status, { mark: service => !service.registered ? 'waiting' : service.maintenance ? 'warning' :
			service.status === 'passing' ? 'ok' : service.status }],
		['Address', service => service.address && `${service.address}:${service.port}`],
		['ID', service => service.id],
		['Leads', service => service.leads ? 'yes' : ''],
	] },
	watches: { kind: 'watch', columns: [
		['Watch', watch => watch.name],
		['State', (watch, node) => node && node.state, mark],
		['Instances', watch => watch.entries, number],
		['First', watch => watch.first.join(', '), long],
		['Answered', watch => watch.age === null ? '' : age(watch.age) + ' ago', number],
	] },
	elections: { kind: 'election', columns: [
		['Election', election => election.name],
		['We are', election => election.leads ? 'leader' : election.state, mark],
		['Leader', election => election.leader],
		['Epoch', election => election.epoch || '', number],
		['Paused', election => yes(election.paused)],
	] },
	templates: { kind: 'template', columns: [
		['Template', template => template.name],
		['State', (template, node) => node && node.state, mark],
		['File', template => template.destination],
		['Changed', template => template.age === null ? '' : age(template.age) + ' ago', number],
		['Problem', template => template.problem, long],
	] },
};

/* Gives `parent` this number of children, of this kind. */
function setCount(parent, tag, count) {
	while (parent.children.length > count)
		parent.lastElementChild.remove();
	while (parent.children.length < count)
		parent.append(document.createElement(tag));
}

function fillRow(row, columns, cells) {
	setCount(row, 'td', columns.length);
	cells.forEach(([text, condition], i) => {
		const [, , options = {}] = columns[i], cell = row.children[i];
		const tag = options.mark ? 'span' : options.style === 'long' ? 'div' : null;

		cell.className = options.style || '';
		if (tag)
			setCount(cell, tag, 1);
		setText(tag ? cell.firstElementChild : cell, text);
		if (options.mark) {
			cell.firstElementChild.className = 'mark';
			setCondition(cell.firstElementChild, text && condition);
		}
	});
}

function fillTable(id, elements, nodes) {
	const { kind, columns } = tables[id], table = find(id).querySelector('table');

	show(id, elements.length);
	if (!table.tHead) {
		const head = table.createTHead().insertRow();

		table.createTBody();
		for (const [title, , options = {}] of columns) {
			const cell = document.createElement('th');

			cell.scope = 'col';
			cell.className = options.style || '';
			cell.textContent = title;
			head.append(cell);
		}
	}
	setCount(table.tBodies[0], 'tr', elements.length);
	elements.forEach((element, i) => {
		const node = nodes.get(`${kind}/${element.name}`);

		fillRow(table.tBodies[0].rows[i], columns, columns.map(([, text, options = {}]) => [
			String(text(element, node) ?? ''),
			typeof options.mark === 'function' ? options.mark(element) : node && node.condition,
		]));
	});
}

/* ---- the graph: layers from left to right ---- */

const svgSpace = 'http://www.w3.org/2000/svg';
const nodeHeight = 42, layerGap = 100, rowGap = 18, dummyHeight = 14, margin = 14, nameMost = 26;
const signs = { ok: '\u25CF', warning: '\u25B2', critical: '\u25A0', waiting: '\u25CB', ended: '\u2013' };

function svg(parent, tag, attributes, text) {
	const element = document.createElementNS(svgSpace, tag);

	for (const name in attributes)
		element.setAttribute(name, attributes[name]);
	if (text !== undefined)
		element.textContent = text;
	parent.append(element);
	return element;
}

const shorten = text => [...text].length > nameMost ? [...text].slice(0, nameMost - 1).join('') + '\u2026' : text;

function words(node) {
	return [node.kind, node.state, node.health].filter(word => word).join(', ');
}

/* Finds each node's layer: one more than the last of those before it.  Edges that would close a cycle are told. */
function findLayers(nodes, edges) {
	const mark = new Map(), backward = new Set(), after = new Map(nodes.map(node => [node.id, []]));
	const order = [];
	const layer = new Map(nodes.map(node => [node.id, 0]));

	for (const edge of edges)
		after.get(edge.from).push(edge);
	for (const start of nodes) {
		const path = mark.has(start.id) ? [] : [[start.id, 0]];

		mark.set(start.id, mark.get(start.id) || 'open');
		while (path.length) {
			const top = path[path.length - 1], edge = after.get(top[0])[top[1]++];

			if (!edge) {
				mark.set(top[0], 'done');
				order.unshift(top[0]);
				path.pop();
			} else if (mark.get(edge.to) === 'open') {
				backward.add(edge);
			} else if (!mark.has(edge.to)) {
				mark.set(edge.to, 'open');
				path.push([edge.to, 0]);
			}
		}
	}
	for (const id of order)
		for (const edge of after.get(id))
			if (!backward.has(edge))
				layer.set(edge.to, Math.max(layer.get(edge.to), layer.get(id) + 1));
	return { layer, backward };
}

/* An edge over several layers gets a place in each of them. */
function addPlaces(edges, layer, layers, backward) {
	for (const edge of edges) {
		const [from, to] = backward.has(edge) ? [edge.to, edge.from] : [edge.from, edge.to];

		edge.places = [layers.places.get(from)];
		for (let i = layer.get(from) + 1; i < layer.get(to); i++) {
			const place = { height: dummyHeight, width: 0, before: [], after: [], dummy: true };

			layers[i].push(place);
			edge.places.push(place);
		}
		edge.places.push(layers.places.get(to));
		for (let i = 1; i < edge.places.length; i++) {
			edge.places[i].before.push(edge.places[i - 1]);
			edge.places[i - 1].after.push(edge.places[i]);
		}
		if (backward.has(edge))
			edge.places.reverse();
	}
}

/* Few crossings: each place goes to the mean of its neighbours. */
function orderLayers(layers) {
	const settle = (places, side) => {
		for (const place of places)
			place.wish = place[side].length ?
				place[side].reduce((sum, other) => sum + other.row, 0) / place[side].length : place.row;
		places.sort((a, b) => a.wish - b.wish);
		places.forEach((place, i) => { place.row = i; });
	};

	layers.forEach(places => places.forEach((place, i) => { place.row = i; }));
	for (let sweep = 0; sweep < 6; sweep++) {
		layers.slice(1).forEach(places => settle(places, 'before'));
		layers.slice(0, -1).reverse().forEach(places => settle(places, 'after'));
	}
}

function placeLayers(layers) {
	const heights = layers.map(places => places.reduce((sum, place) => sum + place.height + rowGap, -rowGap));
	const tallest = Math.max(0, ...heights);
	let x = margin;

	layers.forEach((places, i) => {
		const width = Math.max(0, ...places.map(place => place.width));
		let y = margin + (tallest - heights[i]) / 2;

		for (const place of places) {
			Object.assign(place, { x, y, layerWidth: width });
			y += place.height + rowGap;
		}
		x += width + layerGap;
	});
	return { right: x - layerGap, bottom: margin + tallest };
}

/* Nodes without edges stand in rows below the others. */
function placeLoose(loose, size) {
	const right = Math.max(size.right, 700);
	let x = margin, y = size.bottom > margin ? size.bottom + 2 * rowGap : margin;

	for (const place of loose) {
		if (x > margin && x + place.width > right) {
			x = margin;
			y += nodeHeight + rowGap;
		}
		Object.assign(place, { x, y, layerWidth: place.width });
		x += place.width + rowGap;
		size.right = Math.max(size.right, x - rowGap);
		size.bottom = Math.max(size.bottom, y + nodeHeight);
	}
}

function layOut(graph) {
	const tied = new Set(graph.edges.flatMap(edge => [edge.from, edge.to]));
	const edges = graph.edges.map(edge => ({ ...edge }));
	const { layer, backward } = findLayers(graph.nodes, edges);
	const layers = [], loose = [];

	layers.places = new Map();
	for (const node of graph.nodes) {
		const longest = Math.max(shorten(node.name).length * 8, words(node).length * 6.4 + 14);
		const place = { node, width: longest + 24, height: nodeHeight, before: [], after: [] };

		layers.places.set(node.id, place);
		if (!tied.has(node.id))
			loose.push(place);
		else
			(layers[layer.get(node.id)] ||= []).push(place);
	}
	addPlaces(edges, layer, layers, backward);
	orderLayers(layers);
	const size = placeLayers(layers);

	placeLoose(loose, size);
	return { edges, places: [...layers.places.values()], width: size.right + margin, height: size.bottom + margin };
}

const middle = place => place.y + place.height / 2;

function edgePath(edge) {
	const places = edge.places, last = places.length - 1;
	const backward = places[0].x > places[last].x;
	const out = place => backward ? place.x : place.x + place.width;
	const into = place => backward ? place.x + place.width : place.x;
	let at = [out(places[0]), middle(places[0])], path = `M${at}`, label = null;

	for (let i = 1; i <= last; i++) {
		const to = [into(places[i]), middle(places[i])], bend = (to[0] - at[0]) / 2;

		path += ` C${at[0] + bend} ${at[1]} ${to[0] - bend} ${to[1]} ${to[0]} ${to[1]}`;
		label ||= [to[0] - layerGap / 2 * (backward ? -1 : 1), (at[1] + to[1]) / 2];
		at = to;
		if (places[i].dummy) {
			at = [places[i].x + (backward ? 0 : places[i].layerWidth), to[1]];
			path += ` L${at}`;
		}
	}
	return { path, label };
}

function drawEdge(root, edge, names) {
	const group = svg(root, 'g', { class: `edge ${edge.kind}` }), { path, label } = edgePath(edge);

	svg(group, 'title', {}, `${names.get(edge.from)} ${edge.event || ''} \u2192 ${names.get(edge.to)} (${edge.kind})`);
	svg(group, 'path', { d: path, 'marker-end': 'url(#arrow)' });
	if (edge.event)
		svg(group, 'text', { x: label[0], y: label[1] - 3, 'text-anchor': 'middle' }, edge.event);
}

function drawNode(root, { node, x, y, width }) {
	const group = svg(root, 'g', { class: 'node', transform: `translate(${x} ${y})` });

	setCondition(group, node.condition);
	svg(group, 'title', {}, `${node.name}: ${words(node)}`);
	svg(group, 'rect', { width, height: nodeHeight, rx: node.kind === 'job' ? 8 : nodeHeight / 2 });
	svg(group, 'text', { class: 'name', x: width / 2, y: 18, 'text-anchor': 'middle' }, shorten(node.name));
	svg(group, 'text', { class: 'state', x: width / 2, y: 33, 'text-anchor': 'middle' },
		`${signs[node.condition] || ''} ${words(node)}`);
}

let drawn = '';

function drawGraph(graph) {
	const text = JSON.stringify(graph), frame = find('graph').querySelector('.scroll');

	show('graph', graph.nodes.length);
	if (text === drawn)
		return;
	drawn = text;
	const { edges, places, width, height } = layOut(graph);
	const names = new Map(graph.nodes.map(node => [node.id, node.name]));
	const root = document.createElementNS(svgSpace, 'svg');
	const marker = svg(svg(root, 'defs', {}), 'marker', {
		id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto',
	});

	svg(marker, 'path', { d: 'M0 0L8 4L0 8z' });
	root.setAttribute('width', width);
	root.setAttribute('height', height);
	root.setAttribute('viewBox', `0 0 ${width} ${height}`);
	root.setAttribute('role', 'img');
	root.setAttribute('aria-label', `${graph.nodes.length} nodes and ${graph.edges.length} edges: ` +
		graph.nodes.map(node => `${node.name} ${words(node)}`).join('; '));
	for (const edge of edges)
		drawEdge(root, edge, names);
	for (const place of places)
		drawNode(root, place);
	frame.replaceChildren(root);
}

/* ---- the whole page ---- */

let latest = null;

function render() {
	if (!latest)
		return;
	const { status, graph } = latest, nodes = new Map(graph.nodes.map(node => [node.id, node]));

	setText(find('about'), `${status.configuration} \u00B7 ${status.phase} for ${age(status.uptime)} \u00B7 ` +
		(status.consul ? `Consul ${status.consul.state} at ${status.consul.address} \u00B7 ` : '') +
		`version ${status.version}`);
	setText(find('verdict'), status.maintenance ? 'in maintenance' : status.healthy ? 'healthy' : 'not healthy');
	setCondition(find('verdict'), status.maintenance ? 'warning' : status.healthy ? 'ok' : 'critical');
	setText(find('trouble'), [status.trouble, status.reloads.problem &&
		`the last reload was refused: ${status.reloads.problem}`].filter(text => text).join('\n'));
	show('trouble', find('trouble').textContent);
	for (const id in tables)
		fillTable(id, status[id], nodes);
	drawGraph(graph);
}

function setLink(text, condition) {
	setText(find('link'), text);
	setCondition(find('link'), condition);
	document.body.classList.toggle('stale', condition !== 'ok');
}

/* ---- events ---- */

const conditions = {
	healthy: 'ok', exitSuccess: 'ok', rendered: 'ok', running: 'ok', elected: 'ok',
	warning: 'warning', enterMaintenance: 'warning', deposed: 'warning',
	unhealthy: 'critical', exitFailed: 'critical',
};
let events = [], eventsDue = 0;

function renderEvents() {
	const body = find('events').querySelector('tbody');

	eventsDue = 0;
	setCount(body, 'tr', events.length);
	events.forEach(([time, source, name, condition], i) => {
		fillRow(body.rows[i], [['', null], ['', null], ['', null, mark]], [[time], [source], [name, condition]]);
	});
	show('silence', !events.length);
}

function addEvent(line) {
	const event = JSON.parse(line), time = new Date(1000 * (event.time ?? Date.now() / 1000));
	const clock = time.toTimeString().slice(0, 8) + '.' + String(time.getMilliseconds()).padStart(3, '0');

	events.unshift(event.missed ? [clock, '', `${event.missed} events were missed`, 'warning'] :
		[clock, event.source, event.event, conditions[event.event] || 'ended']);
	events.length = Math.min(events.length, eventsMost);
	eventsDue ||= setTimeout(renderEvents, 50);
	refreshSoon();
}

/* ---- fetching ---- */

let refreshDue = 0, refreshing = false, again = false, refreshedAt = -refreshPause, stream = null;

async function getJson(path) {
	const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(patience) });

	if (!answer.ok)
		throw new Error(`${path}: ${answer.status}`);
	return answer.json();
}

async function refresh() {
	refreshDue = 0;
	refreshing = true;
	again = false;
	try {
		const [status, graph] = await Promise.all([getJson('/status'), getJson('/graph')]);

		fetchedAt = performance.now();
		latest = { status, graph };
	} catch {
		stream?.abort();
	}
	refreshing = false;
	refreshedAt = performance.now();
	render();
	if (again)
		refreshSoon();
}

/* At most one at a time, and four in a second. */
function refreshSoon() {
	again = refreshing;
	if (!refreshing)
		refreshDue ||= setTimeout(refresh, Math.max(0, refreshedAt + refreshPause - performance.now()));
}

async function readEvents() {
	stream = new AbortController();
	const limit = setTimeout(() => stream.abort(), patience);
	const answer = await fetch('/events', { cache: 'no-store', signal: stream.signal });
	let rest = '';

	clearTimeout(limit);
	if (!answer.ok)
		throw new Error(`/events: ${answer.status}`);
	setLink('live', 'ok');
	refreshSoon();
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();

	for (;;) {
		const { done, value } = await reader.read();

		if (done)
			return;
		const lines = (rest + value).split('\n');

		rest = lines.pop();
		lines.forEach(addEvent);
	}
}

async function live() {
	let pause = 500;

	for (;;) {
		const began = performance.now();

		try {
			await readEvents();
		} catch {
			/* the same as an end */
		}
		if (performance.now() - began > patience)
			pause = 500;
		setLink(`connection lost, next try in ${Math.ceil(pause / 1000)} s`, 'critical');
		await new Promise(resolve => { setTimeout(resolve, pause * (0.8 + 0.4 * Math.random())); });
		pause = Math.min(2 * pause, retryMost);
	}
}

setText(find('host'), location.host);
document.title = `pilotfish ${location.host}`;
live();
setInterval(refreshSoon, slowRefresh);
setInterval(render, 1000);
