// Under a service manager: states told, sockets inherited, another user.

#include <csignal>
#include <filesystem>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/temporary_folder.h"

using namespace ficus::tests;

namespace {

// The manager's end of NOTIFY_SOCKET.
class FakeManager {
 public:
  FakeManager()
      : path_((folder_.path() / "notify").string()),
        socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const timeval patience{20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  const std::string& path() const { return path_; }

  std::string next() const {
    char bytes[1024];
    const ssize_t size = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (size < 0) throw HarnessError("nothing was told to the service manager");
    return {bytes, static_cast<std::size_t>(size)};
  }

 private:
  TemporaryFolder folder_;
  const std::string path_;
  const Descriptor socket_;
};

// A listening socket that a child inherits.
class Opened {
 public:
  Opened() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_.get(), 128) == 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }

  int fd() const { return socket_.get(); }
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  const Descriptor socket_;
  std::uint16_t port_ = 0;
};

std::string config(const HttpBackend& backend, const std::string& top,
                   const std::string& address = "127.0.0.1:0",
                   const std::string& admin = "127.0.0.1:0") {
  return "version: 1\nlisteners: [{address: \"" + address + "\"}]\nadmin: {address: \"" + admin +
         "\"}\ndrain: {delay: 0s, timeout: 5s}\n" + top +
         "workers: 2\nbackends: {only: {endpoints: [\"" + backend.url() +
         "\"]}}\nroutes: [{name: all, legacy: only}]\n";
}

// As systemd starts it: the sockets are descriptors 3 and up, and LISTEN_PID is the process itself.
Command inheriting(const std::vector<const Opened*>& sockets, const std::string& file) {
  std::string script;
  int number = 3;
  for (const Opened* one : sockets) {
    script += "exec " + std::to_string(number++) + "<&" + std::to_string(one->fd()) + "; ";
  }
  script += "export LISTEN_PID=$$ LISTEN_FDS=" + std::to_string(sockets.size()) +
            " LISTEN_FDNAMES=web:admin; exec \"$0\" run \"$1\"";
  return {{"bash", "-c", script, ficus_binary(), file}};
}

std::string body_of(std::uint16_t port, const std::string& path) {
  return RawClient(port).exchange(request("GET " + path)).body;
}

std::string status_line(pid_t pid, const std::string& name) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = text.find("\n" + name + ":");
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

}  // namespace

TEST_CASE("service: the manager is told of readiness, reloads and the end") {
  HttpBackend backend("only");
  FakeManager manager;
  TemporaryFolder folder;
  const std::string file = folder.write("f.yaml", config(backend, ""));
  Process ficus({{ficus_binary(), "run", file}, {{"NOTIFY_SOCKET", manager.path()}}});
  CHECK_THAT(manager.next(), Catch::Matchers::StartsWith("READY=1\nSTATUS=serving on 127.0.0.1:"));
  ficus.signal(SIGHUP);
  CHECK_THAT(manager.next(), Catch::Matchers::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  CHECK_THAT(manager.next(), Catch::Matchers::StartsWith("READY=1\nSTATUS=serving on "));
  folder.write("f.yaml", "version: 2\n");
  ficus.signal(SIGHUP);
  CHECK_THAT(manager.next(), ContainsSubstring("RELOADING=1"));
  const std::string refused = manager.next();
  CHECK_THAT(refused, ContainsSubstring("READY=1"));
  CHECK_THAT(refused, ContainsSubstring("the last configuration was refused"));
  ficus.signal(SIGTERM);
  CHECK(manager.next() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\nSTATUS=draining");
  CHECK(ficus.wait().code == 0);
}

TEST_CASE("service: a manager that does not listen, or cannot be named, is no error") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::string file = folder.write("f.yaml", config(backend, ""));
  for (const std::string& where :
       {(folder.path() / "nobody").string(), std::string("@ficus-nobody"), std::string("relative"),
        std::string(200, '/'), std::string()}) {
    Process ficus({{ficus_binary(), "run", file}, {{"NOTIFY_SOCKET", where}}});
    ficus.wait_for_line("admin on ");
    ficus.signal(SIGTERM);
    CHECK(ficus.wait().code == 0);
  }
}

TEST_CASE("service: inherited sockets are used, and who waited in them is served") {
  HttpBackend backend("only");
  const Opened web;
  const Opened admin;
  TemporaryFolder folder;
  const std::string file =
      folder.write("f.yaml", config(backend, "", web.address(), admin.address()));
  RawClient early(web.port());
  early.send(request("GET /early"));
  Process ficus(inheriting({&web, &admin}, file));
  CHECK(early.read_response().body == "only");
  for (int i = 0; i < 20; ++i) CHECK(body_of(web.port(), "/") == "only");
  CHECK(
      RawClient(admin.port()).exchange("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").status() ==
      200);
  ficus.signal(SIGTERM);
  CHECK(ficus.wait().code == 0);
  // The manager still has the port: who comes now waits for the next process.
  RawClient late(web.port());
  late.send(request("GET /late"));
  Process next(inheriting({&web, &admin}, file));
  CHECK(late.read_response().body == "only");
}

TEST_CASE("service: a listener on an inherited socket can go and come back with reloads") {
  HttpBackend backend("only");
  const Opened web;
  TemporaryFolder folder;
  const std::string with = config(backend, "", web.address());
  const std::string file = folder.write("f.yaml", with);
  Process ficus(inheriting({&web}, file));
  ficus.wait_for_line("admin on ");
  for (int round = 0; round < 3; ++round) {
    CHECK(body_of(web.port(), "/") == "only");
    folder.write("f.yaml", config(backend, ""));
    ficus.signal(SIGHUP);
    ficus.wait_for_line("configuration reloaded");
    RawClient waiting(web.port());
    waiting.send(request("GET /"));
    folder.write("f.yaml", with);
    ficus.signal(SIGHUP);
    ficus.wait_for_line("configuration reloaded");
    CHECK(waiting.read_response().body == "only");
  }
  ficus.signal(SIGTERM);
  CHECK(ficus.wait().code == 0);
}

TEST_CASE("service: a socket that fits no listener is told") {
  HttpBackend backend("only");
  const Opened web;
  TemporaryFolder folder;
  Process ficus(inheriting({&web}, folder.write("f.yaml", config(backend, ""))));
  ficus.wait_for_line("inherited socket " + web.address() + " (web) fits no listener");
  ficus.wait_for_line("admin on ");
}

TEST_CASE("service: started as root, it becomes the user it is told to be, for good") {
  const passwd* nobody = ::getpwnam("nobody");
  if (::geteuid() != 0 || nobody == nullptr) {
    WARN("skipped: this needs root and a user nobody");
    return;
  }
  const group* group = ::getgrgid(nobody->pw_gid);
  REQUIRE(group != nullptr);
  HttpBackend backend("only");
  TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const std::filesystem::path log = folder.path() / "access.log";
  FicusProcess ficus("access_log: {path: " + log.string() + "}\nuser: nobody\ngroup: " +
                     std::string(group->gr_name) + "\nbackends: {only: {endpoints: [\"" +
                     backend.url() + "\"]}}\nroutes: [{name: all, legacy: only}]\n");
  const std::string uid = std::to_string(nobody->pw_uid);
  const std::string gid = std::to_string(nobody->pw_gid);
  const pid_t pid = ficus.process().pid();
  CHECK(status_line(pid, "Uid") == "Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid);
  CHECK(status_line(pid, "Gid") == "Gid:\t" + gid + "\t" + gid + "\t" + gid + "\t" + gid);
  CHECK(status_line(pid, "CapEff") == "CapEff:\t0000000000000000");
  CHECK(body_of(ficus.port(), "/") == "only");
  struct stat status {};
  REQUIRE(::stat(log.c_str(), &status) == 0);
  CHECK(status.st_uid == nobody->pw_uid);

  std::filesystem::rename(log, folder.path() / "old.log");
  ficus.process().signal(SIGUSR1);
  ficus.process().wait_for_line("access log opened anew");
  // What a reload reads is read by that user.
  const std::string text = "backends: {only: {endpoints: [\"" + backend.url() +
                           "\"]}}\nroutes: [{name: all, legacy: only}]\n";
  CHECK_THAT(ficus.reload(text), ContainsSubstring(", read as user nobody; the one before"));
  CHECK_THAT(ficus.process().error(), ContainsSubstring("cannot be read: Permission denied"));
  std::filesystem::permissions(ficus.config_file().parent_path(), std::filesystem::perms::all);
  CHECK_THAT(ficus.reload(text), ContainsSubstring("refused"));
  CHECK_THAT(ficus.process().error(), ContainsSubstring("user: cannot change while running"));
}

TEST_CASE("service: a user that does not exist, or cannot be become, is told") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const std::string unknown = folder.write("unknown.yaml", config(backend, "user: no-such-user\n"));
  const Finished start = run_ficus({"run", unknown});
  CHECK(start.exit.code == 2);
  CHECK_THAT(start.error,
             ContainsSubstring("unknown.yaml:5:7: user: there is no user no-such-user"));
  const Finished no_group =
      run_ficus({"run", folder.write("no-group.yaml",
                                     config(backend, "user: root\ngroup: no-such-group\n"))});
  CHECK(no_group.exit.code == 2);
  CHECK_THAT(no_group.error,
             ContainsSubstring("no-group.yaml:6:8: group: there is no group no-such-group"));
  CHECK_THAT(run_ficus({"check", folder.write("g.yaml", config(backend, "group: x\n"))}).error,
             ContainsSubstring("group: is only for a `user`; write both"));

  if (::geteuid() != 0 || !find_program("setpriv")) return;
  const std::vector<std::string> as_nobody{"setpriv", "--reuid=65534", "--clear-groups",
                                           ficus_binary()};
  std::vector<std::string> version = as_nobody;
  version.emplace_back("--version");
  if (run(Command{version}).exit.code != 0) return;  // the build tree is closed to others
  std::vector<std::string> command = as_nobody;
  command.insert(command.end(),
                 {"run", folder.write("other.yaml", config(backend, "user: root\n")).string()});
  const Finished refused = run(Command{command});
  CHECK(refused.exit.code == 2);
  CHECK_THAT(refused.error,
             ContainsSubstring("user: ficus runs as user 65534 and cannot become root"));
}

TEST_CASE("service: what another start may mend ends with 1, what it cannot with 2") {
  HttpBackend backend("only");
  const Opened taken;
  TemporaryFolder folder;
  const auto code = [&](const std::string& text) {
    CAPTURE(text);
    const Finished start = run_ficus({"run", folder.write("f.yaml", text)});
    CHECK_FALSE(start.error.empty());
    return start.exit.code;
  };
  CHECK(code(config(backend, "", taken.address())) == 1);
  CHECK(code(config(backend, "", "127.0.0.1:0", taken.address())) == 1);
  CHECK(code(config(backend, "access_log: {path: /nonexistent/access.log}\n")) == 1);
  const std::string lost =
      "version: 1\nlisteners: [{address: \"127.0.0.1:0\"}]\nadmin: {address: "
      "\"127.0.0.1:0\"}\nbackends: {a: {endpoints: [\"http://nobody.invalid:1\"]}";
  const std::string route = "}\nroutes: [{name: all, legacy: a}]\n";
  CHECK(code(lost + route) == 1);
  CHECK(code(lost + ", b: {endpoints: [\"https://127.0.0.1:1\"], tls: {ca: /nonexistent.crt}}" +
             route) == 2);
  CHECK(code("version: 1\n") == 2);
}
