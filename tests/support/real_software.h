#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// Programs that others wrote, as backends.
namespace ficus::tests {

// Whether all these programs are here. If not: says so with the word that makes CTest report the
// test as skipped; in continuous integration (CI is set) throws instead, because a check that
// silently checks less is none.
bool have_programs(const std::vector<std::string>& names);

// The distribution's nginx with a folder of files, in one process in the foreground.
//   /            the files below www()
//   /compressed/ the same, gzip'd on the way if the client accepts that (a chunked body then)
//   /upload/     stores what is PUT
//   /method, /post  answer with the method and the length of the body, "POST 3"
class Nginx {
 public:
  Nginx();

  std::uint16_t port() const { return reserved_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  ReservedPort reserved_;
  Process process_;
};

// `python3 -m http.server`, speaking HTTP/1.0: a connection for each request, bodies that the end
// of the connection may frame.
class PythonHttpServer {
 public:
  PythonHttpServer();

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  Process process_;
  std::uint16_t port_;
};

// websocket_server.py beside this file.
class WebSocketServer {
 public:
  WebSocketServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }

 private:
  Process process_;
  std::uint16_t port_;
};

// Runs websocket_client.py against a port.
Finished talk_websocket(std::uint16_t port);

}  // namespace ficus::tests
