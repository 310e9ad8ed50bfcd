#include "proxy/relay/pipe.h"

#include <string>
#include <sys/socket.h>

#include "proxy/net/event_loop.h"
#include "tests/support/catch.h"

using ficus::proxy::EventLoop;
using ficus::proxy::FileDescriptor;
using ficus::proxy::Pipe;
using ficus::proxy::PipeState;
using ficus::proxy::ReadBuffer;
using ficus::proxy::ReceiveArea;
using ficus::proxy::SendBuffer;
using ficus::proxy::Socket;
using ficus::proxy::http::Framing;

namespace {

// Two socket pairs: what the peer of `source` writes, the peer of `sink` reads.
class Bench {
 public:
  Bench() : Bench(make_pair(), make_pair()) {}

  void write(const std::string& bytes) {
    REQUIRE(::send(writer_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
    turn();
  }
  void end_writing() {
    writer_.reset();
    turn();
  }
  std::string read() {
    std::string result(1 << 20, '\0');
    const ssize_t got = ::recv(reader_.get(), result.data(), result.size(), MSG_DONTWAIT);
    result.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    turn();
    return result;
  }
  void close_reader() {
    reader_.reset();
    turn();
  }
  void small_sink() {
    const int size = 4096;
    ::setsockopt(sink.fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }

  Pipe::Ends ends() { return {&source, &in, &sink, &out}; }

  // One turn of the loop, so that the sockets learn of their readiness.
  void turn() {
    loop->post([] {});  // so that it does not wait
    loop->turn([] {});
  }

  std::unique_ptr<EventLoop> loop = std::make_unique<EventLoop>();
  ReceiveArea area;

 private:
  using Ends = std::pair<FileDescriptor, FileDescriptor>;

  static Ends make_pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
  }
  Bench(Ends from, Ends to)
      : writer_(std::move(from.second)),
        reader_(std::move(to.second)),
        source(*loop, std::move(from.first)),
        sink(*loop, std::move(to.first)) {
    turn();
  }

  FileDescriptor writer_;
  FileDescriptor reader_;

 public:
  Socket source;
  Socket sink;
  ReadBuffer in{area};
  SendBuffer out;
  Pipe pipe;
};

}  // namespace

TEST_CASE("a body of known length ends where its length says, and the rest stays") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::length, 5, Framing::length, bench.loop->now());
  bench.write("hel");
  CHECK(bench.pipe.pump(bench.loop->now(), "HEAD ") == PipeState::starved);
  bench.write("lo+next");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::done);
  CHECK(bench.pipe.handed_over());
  CHECK(bench.read() == "HEAD hello");
  CHECK(bench.in.view() == "+next");
}

TEST_CASE("payload up to its limit passes, and of what goes beyond it nothing is sent") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::chunked, 0, Framing::chunked, bench.loop->now());
  bench.pipe.set_payload_limit(5);
  bench.write("5\r\nhello\r\n");
  CHECK(bench.pipe.pump(bench.loop->now(), "HEAD ") == PipeState::starved);
  CHECK(bench.read() == "HEAD 5\r\nhello\r\n");
  bench.write("1\r\n!\r\n0\r\n\r\n");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::too_large);
  CHECK_FALSE(bench.pipe.handed_over());
  CHECK(bench.read().empty());
  // The next message has no limit of this one's.
  bench.in.clear();
  bench.pipe.begin(bench.ends(), Framing::length, 9, Framing::length, bench.loop->now());
  bench.write("123456789");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::done);
}

TEST_CASE("chunks are framed anew and trailers are kept") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::chunked, 0, Framing::chunked, bench.loop->now());
  bench.write("3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::done);
  CHECK(bench.read() == "5\r\nabcde\r\n0\r\nX-Sum: 1\r\n\r\n");
}

TEST_CASE("a body that ends with its connection becomes chunks") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::until_close, 0, Framing::chunked, bench.loop->now());
  bench.write("abc");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::starved);
  bench.end_writing();
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::done);
  CHECK(bench.read() == "3\r\nabc\r\n0\r\n\r\n");
}

TEST_CASE("a cut body never looks complete") {
  Bench bench;
  SECTION("of known length") {
    bench.pipe.begin(bench.ends(), Framing::length, 10, Framing::length, bench.loop->now());
    bench.write("abc");
    bench.end_writing();
    CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::cut);
    CHECK(bench.read() == "abc");
  }
  SECTION("in chunks") {
    bench.pipe.begin(bench.ends(), Framing::chunked, 0, Framing::chunked, bench.loop->now());
    bench.write("5\r\nabc");
    bench.end_writing();
    CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::cut);
    CHECK(bench.read() == "3\r\nabc\r\n");
  }
  CHECK_FALSE(bench.pipe.handed_over());
}

TEST_CASE("a malformed chunk is reported with its rule") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::chunked, 0, Framing::chunked, bench.loop->now());
  bench.write("xyz\r\n");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::malformed);
  CHECK_FALSE(bench.pipe.fault().empty());
}

TEST_CASE("the source is not read while the sink takes no more") {
  Bench bench;
  bench.small_sink();
  const std::string piece(60'000, 'x');
  bench.pipe.begin(bench.ends(), Framing::length, 10 * piece.size(), Framing::length,
                   bench.loop->now());
  bench.write(piece);
  REQUIRE(bench.pipe.pump(bench.loop->now()) == PipeState::blocked);
  const std::size_t kept = bench.out.size();
  bench.write(piece);
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::blocked);
  CHECK(bench.out.size() <= kept);
  std::size_t received = 0;
  for (int i = 0; i < 1000 && received < 2 * piece.size(); ++i) {
    received += bench.read().size();
    bench.pipe.pump(bench.loop->now());
  }
  CHECK(received == 2 * piece.size());
}

TEST_CASE("a sink that is gone is told apart from a source that is") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::length, 100, Framing::length, bench.loop->now());
  bench.close_reader();
  bench.write("abc");
  CHECK(bench.pipe.pump(bench.loop->now()) == PipeState::sink_failed);
}

TEST_CASE("what an earlier sink had is sent to the next one first") {
  Bench bench;
  bench.pipe.begin(bench.ends(), Framing::chunked, 0, Framing::chunked, bench.loop->now());
  bench.write("3\r\nabc\r\n0\r\n\r\n");
  REQUIRE(bench.pipe.pump(bench.loop->now(), "H1 ") == PipeState::done);
  CHECK(bench.read() == "H1 3\r\nabc\r\n0\r\n\r\n");
  bench.pipe.redirect(bench.sink, bench.out, bench.loop->now());
  REQUIRE(bench.pipe.pump(bench.loop->now(), "H2 ", "abc") == PipeState::done);
  CHECK(bench.read() == "H2 3\r\nabc\r\n0\r\n\r\n");
}
