/* server.js PORT - a small web application that counts visits in a database.
 *
 *   GET /           hello from HOSTNAME, after ?wait=MILLISECONDS
 *   GET /visits     adds a visit, and tells how many there are; 503 without a database
 *   GET /health     200, or 503 while there is a file /tmp/ill
 *
 * The hook find-db writes the address and the port of the database into /run/database.
 */
'use strict';

const { execFile } = require('child_process');
const fs = require('fs');
const http = require('http');
const os = require('os');

const host = os.hostname();
const statement = `INSERT INTO visits (host) VALUES ('${host}'); SELECT COUNT(*) FROM visits`;

function visit(answer) {
	const [address, port] = fs.readFileSync('/run/database', 'utf8').split(/\s/);
	const env = { ...process.env, MYSQL_PWD: fs.readFileSync('/secrets/password', 'utf8').trim() };
	const options = ['-u', 'app', '-h', address, '-P', port, '--connect-timeout=2', '-N', '-e', statement, 'app'];

	if (!address)
		return answer(503, 'there is no database');
	execFile('mariadb', options, { env, timeout: 5000 }, (error, out) =>
		error ? answer(503, error.message) : answer(200, `${out.trim()} visits`));
}

const pages = {
	'/': (answer, wait) => setTimeout(answer, wait, 200, `hello from ${host}`),
	'/visits': visit,
	'/health': answer => fs.existsSync('/tmp/ill') ? answer(503, 'ill') : answer(200, 'well'),
};

const server = http.createServer((request, response) => {
	const url = new URL(request.url, 'http://app');
	const page = pages[url.pathname] || (answer => answer(404, 'there is no such page'));

	page((status, text) => {
		response.writeHead(status, { Connection: 'close' });
		response.end(text + '\n');
	}, url.searchParams.get('wait'));
});
server.listen(process.argv[2], () => console.log(`listening at port ${process.argv[2]}`));
process.on('SIGTERM', () => server.close(() => console.log('all answered, leaving')));
