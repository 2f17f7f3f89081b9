/* client.js FILE NGINX [CONSUL] - send requests without pause, from inside the network, and record the answers.
 *
 * A line of FILE is one of these; AT is milliseconds since 1970, INSTANCES are comma-separated IDs:
 *
 *   AT answer STATUS INSTANCE TRIED    the answer to a request on a new connection; STATUS 0: no answer;
 *                                      TRIED: number of instances that nginx tried
 *   AT upstreams INSTANCES             nginx's upstreams, after a change
 *   AT passing INSTANCES               the instances that pass in Consul, after a change
 */
'use strict';

const fs = require('fs');
const http = require('http');
const dns = require('dns').promises;

const [path, nginx, consul] = process.argv.slice(2);
const LIMIT = 5000, PAUSE = 5;			/* milliseconds */
const FAST = 4, SLOW = 4;			/* concurrent requests */
const out = fs.createWriteStream(path, { flags: 'a' });
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const note = (...words) => out.write([Date.now(), ...words].join(' ') + '\n');

function get(url, limit = LIMIT) {
	return new Promise(resolve => {
		const options = { agent: false, headers: { Connection: 'close' } };
		const request = http.get(url, options, answer => {
			let text = '';

			answer.setEncoding('utf8');
			answer.on('data', part => text += part);
			answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
			answer.on('error', error => resolve({ status: 0, headers: {}, text: error.code }));
		});
		request.setTimeout(limit, () => request.destroy(Object.assign(Error(), { code: 'LATE' })));
		request.on('error', error => resolve({ status: 0, headers: {}, text: error.code }));
	});
}

async function ask(url) {
	for (;;) {
		const { status, headers, text } = await get(url);
		const who = status === 200 ? 'app-' + text.trim().split(' ').pop() : text.trim().replace(/\s+/g, '-');
		const tried = (headers['x-upstream'] || '').split(',').length;

		note('answer', status, who || '-', tried);
		await pause(PAUSE);
	}
}

async function follow(what, query) {
	for (let last; ;) {
		const now = await query();

		if (now !== null && now !== last)
			note(what, last = now);
		await pause(PAUSE);
	}
}

async function upstreams(base) {
	const { status, text } = await get(`${base}/upstreams`);

	return status === 200 ? text.split('\n').map(line => line.split(' ')[0]).filter(Boolean).sort().join() : null;
}

function passing(base) {
	let index = 0;

	return async () => {
		const { status, headers, text } =
			await get(`${base}/v1/health/service/app?passing&wait=10s&index=${index}`, 15000);

		index = status === 200 ? headers['x-consul-index'] : 0;
		return status === 200 ? JSON.parse(text).map(entry => entry.Service.ID).sort().join() : null;
	};
}

/* Resolved once: a look-up for each request would test Docker's DNS. */
async function address_of(name) {
	for (;;) {
		try {
			return (await dns.lookup(name)).address;
		} catch {
			await pause(100);
		}
	}
}

async function main() {
	const base = `http://${await address_of(nginx)}:8080`;

	for (let i = 0; i < FAST; i++)
		ask(`${base}/`);
	for (let i = 0; i < SLOW; i++)
		ask(`${base}/?wait=1500`);
	follow('upstreams', () => upstreams(base));
	if (consul)
		follow('passing', passing(`http://${consul}:8500`));
}

process.on('SIGTERM', () => process.exit());
main();
