#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

// The distribution's web servers, all with the same site, so that one can take another's place.
namespace ficus::tests {

// A running web server. Its site is the files named by site_paths(), whose contents name the
// server, and most take a POST to /post. Ends with this object.
class RealServer {
 public:
  virtual ~RealServer() = default;

  virtual std::string url() const = 0;
  // What GET of one of site_paths() gives.
  virtual std::string file(const std::string& path) const = 0;
  // What POST /post with this body gives; nothing if the server takes no POST.
  virtual std::optional<std::string> answer_to_post(const std::string& body) const = 0;
};

// A line, 16 KiB and 300 KiB.
const std::vector<std::string>& site_paths();

// "nginx", "apache", "caddy", "node" or "python", as the distribution ships it and in its usual
// set-up. Returns once it answers; throws with its output if it does not start.
std::unique_ptr<RealServer> start_real_server(const std::string& name);

// The programs that such a server is started by.
std::vector<std::string> programs_of(const std::string& name);

}  // namespace ficus::tests
