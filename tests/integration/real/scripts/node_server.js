// Serves the files of a folder and POST /post: node_server.js FOLDER
//
// Listens on 127.0.0.1 on a port that the system chooses and prints "listening on PORT". Files are
// piped into the response as Node programs do it: without a length, hence in chunks.
'use strict';

const fs = require('fs');
const http = require('http');
const path = require('path');

const folder = process.argv[2];

const server = http.createServer((request, response) => {
  if (request.url === '/post') {
    const parts = ['node got '];
    request.setEncoding('latin1');
    request.on('data', (part) => parts.push(part));
    request.on('end', () => response.end(parts.join('')));
    return;
  }
  const file = fs.createReadStream(path.join(folder, path.basename(request.url)));
  file.on('error', () => {
    response.statusCode = 404;
    response.end('none\n');
  });
  file.pipe(response);
});

server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
