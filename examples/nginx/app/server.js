/* server.js PORT [ADDRESS] - a small web application that answers with its host name.
 *
 *   GET /           hello from HOSTNAME, after ?wait=MILLISECONDS
 *   GET /health     200, or 503 while the temporary folder has a file "ill"
 *
 * On SIGTERM it accepts no new requests, answers open requests, and exits.
 */
'use strict';

const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');

const [port, address] = process.argv.slice(2);
const ill = path.join(os.tmpdir(), 'ill');

function answer(request, response) {
	const url = new URL(request.url, 'http://app');

	if (url.pathname === '/health' && fs.existsSync(ill))
		response.statusCode = 503;
	response.setHeader('Connection', 'close');
	setTimeout(() => response.end(`hello from ${os.hostname()}\n`), url.searchParams.get('wait'));
}

const server = http.createServer(answer);
server.listen(port, address, () => console.log(`listening at port ${port}`));
process.on('SIGTERM', () => server.close(() => console.log('all answered, leaving')));
