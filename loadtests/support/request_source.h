#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ficus::loadtests {

// What the generated requests look like.
struct RequestShape {
  std::vector<std::string> methods{"GET"};  // in turn
  std::string path = "/";
  std::string host = "shop.example.com";
  std::vector<std::string> headers;  // "Name: value"; none: eight that a browser sends
  std::size_t body = 0;              // bytes, for methods that carry one
  bool chunked = false;
  std::size_t users = 0;  // virtual users in turn; 0: nobody
  std::string user_header;
  std::string user_cookie;
};

// Makes the bytes of each request; built once a method, so that a request costs little.
class RequestSource {
 public:
  explicit RequestSource(const RequestShape& shape);

  struct Next {
    std::size_t method = 0;
    std::size_t user = 0;
  };

  // The next request in turn, written to `out`.
  Next write(std::string& out);

  const std::string& method(std::size_t number) const { return shape_.methods[number]; }

 private:
  struct Template {
    std::string head;  // without the empty line
    std::string rest;  // the empty line and the body
  };

  Template make_template(const std::string& method) const;

  RequestShape shape_;
  std::vector<Template> templates_;
  std::uint64_t turn_ = 0;
};

}  // namespace ficus::loadtests
