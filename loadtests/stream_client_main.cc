#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "loadtests/support/body_pattern.h"
#include "loadtests/support/message_reader.h"
#include "loadtests/support/socket.h"

// One very large body down or up, with a client that reads slowly, checked byte for byte.
namespace {

using namespace ficus::loadtests;

constexpr std::size_t kPiece = 256 * 1024;

void await(int fd, short events) {
  pollfd wait{fd, events, 0};
  if (::poll(&wait, 1, 30'000) <= 0) fail("nothing moved for 30 s");
}

void send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t size = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN) fail("the connection was cut while sending");
    if (size < 0) await(fd, POLLOUT);
    if (size > 0) data.remove_prefix(static_cast<std::size_t>(size));
  }
}

void pause_for(unsigned milliseconds) {
  const timespec time{milliseconds / 1000, static_cast<long>(milliseconds % 1000) * 1'000'000};
  ::nanosleep(&time, nullptr);
}

// Returns the body if it is short; a long one is checked against the pattern.
std::string read_answer(int fd, const BodyPattern& pattern, unsigned pause) {
  std::string small;
  std::vector<char> buffer(kPiece);
  MessageReader reader(MessageReader::Kind::response);
  bool intact = true;
  reader.set_body_sink([&](std::uint64_t offset, std::string_view piece) {
    intact = intact && (piece.empty() || piece[0] == '{' || pattern.matches(offset, piece));
    if (small.size() < 256) small.append(piece.substr(0, 256));
  });
  while (!reader.done()) {
    await(fd, POLLIN);
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0)
      fail("the connection was cut after " + std::to_string(reader.body_bytes()) + " bytes");
    reader.feed({buffer.data(), static_cast<std::size_t>(size)});
    if (reader.bad()) fail("the answer is malformed");
    if (pause != 0 && !reader.done()) pause_for(pause);
  }
  if (reader.status() != 200) fail("status " + std::to_string(reader.status()));
  if (!intact) fail("the body was damaged");
  std::printf("received %llu\n", static_cast<unsigned long long>(reader.body_bytes()));
  return small;
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  std::uint64_t download = 0;
  std::uint64_t upload = 0;
  unsigned pause = 0;
  CLI::App app("Streams one large body through a proxy and checks every byte; exit 2 if it broke");
  app.add_option("target", target)->required();
  app.add_option("--download", download, "bytes");
  app.add_option("--upload", upload, "bytes");
  app.add_option("--pause", pause, "milliseconds after each read of at most 256 KiB");
  CLI11_PARSE(app, argc, argv);
  const Descriptor fd = connect_to(parse_target(target), 0);
  if (!fd.open()) fail("cannot connect to " + target);
  await(fd.get(), POLLOUT);
  const BodyPattern pattern;
  if (download != 0) {
    send_all(fd.get(), "GET /bytes/" + std::to_string(download) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    read_answer(fd.get(), pattern, pause);
  }
  if (upload != 0) {
    send_all(fd.get(), "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                           std::to_string(upload) + "\r\n\r\n");
    for (std::uint64_t at = 0; at < upload;) {
      const std::string_view piece =
          pattern.at(at, static_cast<std::size_t>(std::min<std::uint64_t>(upload - at, kPiece)));
      send_all(fd.get(), piece);
      at += piece.size();
    }
    std::printf("%s\n", read_answer(fd.get(), pattern, 0).c_str());
  }
  return 0;
}
