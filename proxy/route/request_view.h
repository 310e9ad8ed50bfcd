#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace ficus::proxy {

// Asks for a header field of a message without knowing how it was parsed. Borrowed: valid as long
// as the message it looks into. Copying it is cheap.
class HeaderLookup {
 public:
  // The value of the nth field line (from 0) of that name, names compared without regard to case;
  // nothing if there are fewer. The value comes without surrounding white space.
  using Find = std::optional<std::string_view> (*)(const void* message, std::string_view name,
                                                   std::size_t nth);

  HeaderLookup() = default;  // finds nothing
  HeaderLookup(const void* message, Find find) : message_(message), find_(find) {}

  std::optional<std::string_view> operator()(std::string_view name, std::size_t nth = 0) const {
    return find_ == nullptr ? std::nullopt : find_(message_, name, nth);
  }

 private:
  const void* message_ = nullptr;
  Find find_ = nullptr;
};

// What the rules of routes may ask of a request. Views into the request's buffer.
struct RequestView {
  std::string_view host;   // as in Host or an absolute-form target; a port may follow
  std::string_view path;   // normalised: dot segments gone, unreserved characters decoded
  std::string_view query;  // as sent, without the question mark
  std::string_view method;
  HeaderLookup headers;
  std::size_t worker = 0;  // number of the worker that asks: which copies of a regex are its own
};

// Does any field line of that name have exactly that value? A regex is not looked at: see
// condition.h.
bool holds(const config::HeaderCondition& condition, const HeaderLookup& headers);

// An empty list names all methods. Methods are compared with regard to case (RFC 9110 §9.1).
bool lists(const std::vector<std::string>& methods, std::string_view method);

// The first cookie of that name, in the order sent; the value as sent, quotes included
// (RFC 6265 §5.4). Nothing if it is absent.
std::optional<std::string_view> cookie_value(const HeaderLookup& headers, std::string_view name);

// The first parameter of that name, both compared and returned as sent: nothing is decoded.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name);

}  // namespace ficus::proxy
