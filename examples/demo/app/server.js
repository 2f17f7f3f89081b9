/* server.js PORT - a small web application that says who it is.
 *
 *   GET /           hello from HOSTNAME, after ?wait=MILLISECONDS
 *   GET /health     200, or 503 while it is ill
 *   PUT /ill, PUT /well
 *
 * On SIGTERM it takes no new requests, answers those that it has, and ends.
 */
'use strict';

const http = require('http');
const os = require('os');

const port = Number(process.argv[2]);
let well = true;

function answer(request, response) {
	const url = new URL(request.url, 'http://app');

	if (request.method === 'PUT')
		well = url.pathname === '/well';
	if (url.pathname === '/health')
		response.statusCode = well ? 200 : 503;
	response.setHeader('Connection', 'close');
	setTimeout(() => response.end(`hello from ${os.hostname()}\n`), url.searchParams.get('wait'));
}

const server = http.createServer(answer);
server.listen(port, '127.0.0.1', () => console.log(`listening at port ${port}`));
process.on('SIGTERM', () => server.close(() => console.log('all answered, leaving')));
