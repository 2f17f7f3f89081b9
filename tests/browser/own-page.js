/* The visible contents of our own page, as sorted lines of text: the body of a function whose argument names one of
 * `readers`.  A state is its word behind the colour that it really has.
 */
function colour(text) {
	const [red, green, blue] = text.match(/[0-9.]+/g).map(Number);
	const most = Math.max(red, green, blue), range = most - Math.min(red, green, blue);

	if (range < 30)
		return 'grey';
	return most === red ? (green > 1.5 * blue + 20 ? 'amber' : 'red') : most === green ? 'green' : 'blue';
}

const shown = element => element.checkVisibility();
const words = element => element.textContent.replace(/\s+/g, ' ').trim();

function cell(element) {
	const mark = element.querySelector('.mark');

	if (!mark || !mark.textContent)
		return words(element);
	return `${colour(getComputedStyle(mark).color)} ${words(mark)}`;
}

const rows = id => [...document.querySelectorAll(`#${id} tbody tr`)].filter(shown)
	.map(row => [...row.cells].map(cell));
const pick = (...columns) => row => columns.map(column => row[column]);

const readers = {
	jobs: () => rows('jobs').map(pick(0, 1, 2, 7)),
	services: () => rows('services').map(pick(0, 1, 2)),
	watches: () => rows('watches').map(pick(0, 1, 2, 3)),
	elections: () => rows('elections').map(pick(0, 1, 2)),
	templates: () => rows('templates').map(pick(0, 1)),
	events: () => rows('events').map(pick(1, 2)),
	nodes: () => [...document.querySelectorAll('#graph .node')].map(node => [
		words(node.querySelector('.name')),
		`${colour(getComputedStyle(node.querySelector('rect')).stroke)} ${words(node.querySelector('.state'))}`]),
	edges: () => [...document.querySelectorAll('#graph .edge title')].map(title => [words(title)]),
	head: () => ['verdict', 'link', 'trouble'].map(id => document.getElementById(id)).filter(shown)
		.map(element => [`${colour(getComputedStyle(element).borderLeftColor)} ${words(element)}`]),
};

return readers[arguments[0]]().map(line => line.join(' | ')).sort();
