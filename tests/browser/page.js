/* The visible contents of a page of Consul's UI (1.8), as sorted lines of text: the body of a function whose
 * argument names one of `readers`.
 *
 * Hidden text does not count, and a mark is recognized by its colour, not by its class.
 */
const words = element => element ? element.innerText.replace(/\s+/g, ' ').trim() : '';
const all = (selector, line, within = document) =>
	[...within.querySelectorAll(selector)].filter(element => element.checkVisibility()).map(line);
const tags = element => all('.tag-list dd span', words, element).join(', ');

function colour(text) {
	const [red, green, blue] = text.match(/[0-9.]+/g).map(Number);

	if (red > 2 * Math.max(green, blue))
		return 'red';
	return green > 2 * Math.max(red, blue) ? 'green' : text;
}

/* A mark is a ::before of a part of a dl: a coloured background, masked by the mark's shape. */
function mark(list) {
	const drawn = all('dt, dd', part => getComputedStyle(part, '::before'), list)
		.find(style => style.content !== 'none');

	return drawn ? colour(drawn.backgroundColor) : 'no mark';
}

const checks = 'dl.passing, dl.warning, dl.critical, dl.empty';
const readers = {
	services: () => all('.consul-service-list li.linkable', row => [
		words(row.querySelector('a')), ...all(checks, mark, row),
		words(row.querySelector('div > span')), tags(row)]),
	instances: () => all('.consul-service-instance-list li:has(a)', row => [
		words(row.querySelector('a')), ...all(checks, list => `${mark(list)} ${words(list)}`, row),
		words(row.querySelector('.address')), tags(row)]),
	checks: () => all('.healthcheck-output', item => [
		words(item.querySelector('h3')), colour(getComputedStyle(item).borderLeftColor),
		words(item.querySelector('pre'))]),
	tags: () => all('section.tags', section => [tags(section)]),
	meta: () => all('section.metadata tr:has(td)', row => all('td', words, row)),
};

return readers[arguments[0]]().map(line => line.join(' | ')).sort();
