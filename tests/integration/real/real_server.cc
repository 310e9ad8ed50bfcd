#include "tests/integration/real/real_server.h"

#include <csignal>
#include <filesystem>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/real_software.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

constexpr std::size_t kPageBytes = 16 << 10;
constexpr std::size_t kLargeBytes = 300 << 10;
constexpr const char* kApacheModules = "/usr/lib/apache2/modules";

std::string contents(const std::string& server, const std::string& path) {
  const std::size_t bytes =
      path == "/line.txt" ? 1 : (path == "/page.txt" ? kPageBytes : kLargeBytes);
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    text += server + path + " line " + std::to_string(number) + "\n";
  }
  return text;
}

// A server that serves a folder.
class Site : public RealServer {
 public:
  explicit Site(std::string name) : name_(std::move(name)) {}

  std::string file(const std::string& path) const override { return contents(name_, path); }

 protected:
  void write_files(const TemporaryFolder& folder, const std::string& below) const {
    for (const std::string& path : site_paths()) {
      folder.write(below + path.substr(1), contents(name_, path));
    }
  }

 private:
  std::string name_;
};

// For a server that says nothing when it is ready.
void wait_until_it_answers(Process& process, std::uint16_t port, const std::string& name) {
  const bool answers = eventually([&] {
    if (!process.running()) return true;
    try {
      return get(port, "/line.txt").status() == 200;
    } catch (const HarnessError&) {
      return false;
    }
  });
  if (!answers || !process.running()) {
    throw HarnessError(name + " did not start; its output:\n" + process.output());
  }
}

class NginxSite : public Site {
 public:
  NginxSite() : Site("nginx") { write_files(nginx_.folder(), "www/"); }

  std::string url() const override { return nginx_.url(); }
  std::optional<std::string> answer_to_post(const std::string& body) const override {
    return "POST " + std::to_string(body.size());
  }

 private:
  Nginx nginx_;
};

class ApacheSite : public Site {
 public:
  ApacheSite() : Site("apache") {
    write_files(folder_, "www/");
    // Started by root, its workers are nobody, who may not look into our folder.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    process_ = std::make_unique<Process>(command());
    wait_until_it_answers(*process_, port_.port(), "apache2");
  }
  ~ApacheSite() override {
    // Its workers end with it only if it is asked, and may be of another process group.
    process_->signal(SIGTERM);
    try {
      process_->wait();
    } catch (const HarnessError&) {  // ~Process ends it
    }
  }

  std::string url() const override { return "http://127.0.0.1:" + std::to_string(port_.port()); }
  std::optional<std::string> answer_to_post(const std::string& body) const override { return body; }

 private:
  Command command() const {
    const std::string folder = folder_.path().string();
    std::string config;
    for (const std::string module : {"mpm_event", "authz_core", "reflector"}) {
      config += "LoadModule " + module + "_module " + kApacheModules + "/mod_" + module + ".so\n";
    }
    config += "ServerName localhost\nServerRoot \"" + folder + "\"\nDefaultRuntimeDir \"" + folder +
              "\"\nPidFile apache.pid\nUser \"#65534\"\nGroup \"#65534\"\n" +
              "Listen 127.0.0.1:" + std::to_string(port_.port()) + "\nErrorLog /dev/stderr\n" +
              "DocumentRoot \"" + folder + "/www\"\n" +
              "<Location \"/post\">\n  SetHandler reflector\n</Location>\n";
    const auto file = folder_.write("apache.conf", config);
    return {{"apache2", "-DFOREGROUND", "-f", file.string()}};
  }

  TemporaryFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Process> process_;
};

class CaddySite : public Site {
 public:
  CaddySite() : Site("caddy") {
    write_files(folder_, "www/");
    process_ = std::make_unique<Process>(command());
    wait_until_it_answers(*process_, port_.port(), "caddy");
  }

  std::string url() const override { return "http://127.0.0.1:" + std::to_string(port_.port()); }
  std::optional<std::string> answer_to_post(const std::string& body) const override {
    return "caddy got " + body;
  }

 private:
  Command command() const {
    const std::string folder = folder_.path().string();
    const auto file = folder_.write(
        "Caddyfile",
        "{\n  admin off\n  auto_https off\n}\nhttp://:" + std::to_string(port_.port()) +
            " {\n  bind 127.0.0.1\n" + "  root * " + folder + "/www\n" +
            "  respond /post \"caddy got {http.request.body}\"\n" + "  file_server\n}\n");
    Command command{{"caddy", "run", "--config", file.string(), "--adapter", "caddyfile"}};
    command.environment = {
        {"HOME", folder}, {"XDG_CONFIG_HOME", folder}, {"XDG_DATA_HOME", folder}};
    return command;
  }

  TemporaryFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Process> process_;
};

class NodeSite : public Site {
 public:
  NodeSite() : Site("node") {
    write_files(folder_, "www/");
    const std::string site = (folder_.path() / "www").string();
    process_ =
        std::make_unique<Process>(Command{{"node", FICUS_REAL_SCRIPTS "/node_server.js", site}});
    const std::string line = process_->wait_for_line("listening on ");
    port_ = line.substr(line.find("on ") + 3);
  }

  std::string url() const override { return "http://127.0.0.1:" + port_; }
  std::optional<std::string> answer_to_post(const std::string& body) const override {
    return "node got " + body;
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Process> process_;
  std::string port_;
};

class PythonSite : public Site {
 public:
  PythonSite() : Site("python") { write_files(server_.folder(), ""); }

  std::string url() const override { return server_.url(); }
  std::optional<std::string> answer_to_post(const std::string&) const override { return {}; }

 private:
  PythonHttpServer server_;
};

}  // namespace

const std::vector<std::string>& site_paths() {
  static const std::vector<std::string> paths{"/line.txt", "/page.txt", "/large.txt"};
  return paths;
}

std::unique_ptr<RealServer> start_real_server(const std::string& name) {
  if (name == "nginx") return std::make_unique<NginxSite>();
  if (name == "apache") return std::make_unique<ApacheSite>();
  if (name == "caddy") return std::make_unique<CaddySite>();
  if (name == "node") return std::make_unique<NodeSite>();
  if (name == "python") return std::make_unique<PythonSite>();
  throw HarnessError("unknown server: " + name);
}

std::vector<std::string> programs_of(const std::string& name) {
  if (name == "apache") return {"apache2"};
  if (name == "python") return {"python3"};
  return {name};
}

}  // namespace ficus::tests
