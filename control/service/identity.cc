#include "control/service/identity.h"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>
#include <variant>
#include <vector>

namespace ficus::control {
namespace {

struct Identity {
  std::string user;
  uid_t uid = 0;
  gid_t gid = 0;
};

std::string place(const config::Location& at) {
  if (at.line == 0) return {};
  return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
}

std::variant<Identity, std::string> look_up(const config::Config& config) {
  const passwd* user = ::getpwnam(config.user->c_str());
  if (user == nullptr) {
    return place(config.user_at) + "user: there is no user " + *config.user +
           " on this machine; create it (useradd --system) or name another";
  }
  Identity identity{*config.user, user->pw_uid, user->pw_gid};
  if (!config.group) return identity;
  const group* group = ::getgrnam(config.group->c_str());
  if (group == nullptr) {
    return place(config.group_at) + "group: there is no group " + *config.group +
           " on this machine; create it (groupadd --system) or name another";
  }
  identity.gid = group->gr_gid;
  return identity;
}

bool is_taken_for_good(const Identity& identity) {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  if (::getresuid(&real, &effective, &saved) != 0) return false;
  if (real != identity.uid || effective != identity.uid || saved != identity.uid) return false;
  return ::setuid(0) != 0 && ::seteuid(0) != 0;
}

}  // namespace

std::optional<std::string> take_identity(const config::Config& config) {
  if (!config.user) return std::nullopt;
  const auto found = look_up(config);
  if (const auto* problem = std::get_if<std::string>(&found)) return *problem;
  const auto& identity = std::get<Identity>(found);
  const std::string at = place(config.user_at) + "user: ";
  if (::geteuid() != 0) {
    if (::geteuid() == identity.uid && ::getegid() == identity.gid) return std::nullopt;
    return at + "ficus runs as user " + std::to_string(::geteuid()) + " and cannot become " +
           identity.user + "; start it as root, or remove the key and let the service choose";
  }
  if (::initgroups(identity.user.c_str(), identity.gid) != 0 || ::setgid(identity.gid) != 0 ||
      ::setuid(identity.uid) != 0) {
    return at + "cannot become " + identity.user + ": " + std::strerror(errno);
  }
  if (identity.uid != 0 && !is_taken_for_good(identity)) {
    return at + "became " + identity.user + ", but could become root again; not started";
  }
  return std::nullopt;
}

}  // namespace ficus::control
