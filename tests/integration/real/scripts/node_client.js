// Talks to nginx (tests/support/real_software.h) through a proxy: node_client.js URL LARGE_FILE
//
// The file is the one that the server has as /large.txt. Exit 0 and "ok" if all went well, or an
// error that says what did not.
'use strict';

const assert = require('assert');
const fs = require('fs');

const [url, largeFile] = process.argv.slice(2);
const http = require(url.startsWith('https:') ? 'https' : 'http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const large = fs.readFileSync(largeFile);

// The response with its body, and the local port, which names the connection.
function exchange(path, options, send) {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { agent, ...options }, (response) => {
      const port = response.socket.localPort;
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status, headers, complete } = response;
        assert(complete, `${path} was cut off`);
        const body = Buffer.concat(parts);
        resolve({ status, headers, body, port });
      });
    });
    request.on('error', reject);
    if (send) send(request);
    else request.end();
  });
}

async function main() {
  const many = await Promise.all(Array.from({ length: 100 }, () => exchange('/hello.txt')));
  for (const { status, body } of many) {
    assert.strictEqual(status, 200);
    assert.strictEqual(body.toString(), 'hello from nginx\n');
  }
  assert(new Set(many.map(({ port }) => port)).size <= 4, 'connections are not kept');

  const got = await exchange('/large.txt');
  assert(got.body.equals(large), 'GET of a large file: other content');
  const part = await exchange('/large.txt', { headers: { Range: 'bytes=100-199' } });
  assert.strictEqual(part.status, 206);
  assert(part.body.equals(large.subarray(100, 200)), 'GET of a range: other content');
  const head = await exchange('/large.txt', { method: 'HEAD' });
  assert.strictEqual(head.headers['content-length'], String(large.length));
  assert.strictEqual(head.body.length, 0);
  const again = await exchange('/large.txt', { headers: { 'If-None-Match': got.headers.etag } });
  assert.strictEqual(again.status, 304);

  // In chunks, as Node sends what has no length.
  const put = await exchange('/upload/chunked', { method: 'PUT' }, (request) => {
    fs.createReadStream(largeFile).pipe(request);
  });
  assert.strictEqual(put.status, 201);
  assert((await exchange('/upload/chunked')).body.equals(large), 'PUT in chunks: other content');

  let continued = false;
  const headers = { Expect: '100-continue', 'Content-Length': large.length };
  const expecting = await exchange('/upload/expecting', { method: 'PUT', headers }, (request) => {
    request.on('continue', () => {
      continued = true;
      request.end(large);
    });
    request.flushHeaders();
  });
  assert(continued, 'no 100 Continue');
  assert.strictEqual(expecting.status, 201);
  assert((await exchange('/upload/expecting')).body.equals(large), 'PUT: other content');

  const post = await exchange('/method', { method: 'POST' }, (request) => request.end('abc'));
  assert.strictEqual(post.body.toString(), 'POST 3');
  assert.strictEqual((await exchange('/none')).status, 404);
  agent.destroy();
  console.log('ok');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
