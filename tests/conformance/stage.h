#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/data_plane/fixture.h"

// How a conformance case is written: what the client sends, what of it arrives at the backend, what
// the backend answers and what the client gets, byte by byte. See README.md.
namespace ficus::tests {

// What becomes of the client's connection: it serves another request, or it was ended in an orderly
// way, or by a reset.
enum class Then { open, closed, reset };

// What the client does after it has sent its bytes.
enum class Client { waits, half_closes, leaves };

// A request that must not pass. Nothing reaches the backend, the answer is the proxy's own with
// this status, and what follows on the connection is not read as a request.
struct Refused {
  std::string name;
  std::string client_sends;
  int status = 400;
};

// A whole exchange. What is not given is a plain GET that is answered with "ok".
struct Case {
  std::string name;
  std::string client_sends = request("GET /");
  // Over all connections, in their order. For Then::open, without the request that shows it.
  std::string backend_gets = forwarded("GET /");
  std::string backend_sends = ok("ok");
  Script script{};  // of the first connection, instead of one answer
  std::string client_gets = ok("ok");
  int status = 0;  // not 0: after client_gets comes an answer of the proxy's own with this status
  Then then = Then::open;
  Client client = Client::waits;
  std::size_t connections = 0;  // to the backend, the last request's included; 0: any number
};

// A body that is broken at some point: the request never looks complete to the backend, and the
// client gets this status and the end of its connection.
struct BrokenBody {
  std::string name;
  std::string body;
  int status = 400;
};

void refuse(const std::vector<Refused>& cases);
void play(const std::vector<Case>& cases);
// Sent as chunked bodies of a POST.
void break_off(const std::vector<BrokenBody>& cases);

// An answer of a backend that is turned into a 502, its connection not used again.
struct BadAnswer {
  std::string name;
  std::string backend_sends;
  std::string client_sends = request("GET /");
};
void reject(const std::vector<BadAnswer>& cases);

// Pieces of messages.
std::string post(std::string_view fields, std::string_view body = {});    // raw, Host: a
std::string get_with(std::string_view fields);                            // raw, Host: a
std::string with_line(std::string_view request_line);                     // raw, Host: a
std::string with_host(std::string_view host);                             // GET /
std::string answer(std::string_view fields, std::string_view body = {});  // 200
std::string chunked_request(std::string_view body);                       // POST /, with ids
std::string chunked_forwarded(std::string_view body);                     // as it arrives
extern const std::string kChunked;                                        // the field line
extern const std::string kSmuggled;                                       // a whole GET /smuggled

}  // namespace ficus::tests
