#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ficus::proxy::http {

// Paths in one spelling, so that what a route matched is what the backend serves (RFC 3986
// §6.2.2): dot segments removed, also those written with %2e, and escapes of unreserved characters
// decoded. %2F and %5C stay, as do all other escapes and empty segments. In a path that
// keeps a malformed escape nothing is decoded, because decoding next to it could spell a new one.

// May the path be in another spelling? No for nearly all, at the price of a search.
bool may_need_normalising(std::string_view path);

// Rewrites a path that begins with '/' in place; its new size, never larger and never 0. Nothing if
// it climbs above the root; what is there then has no meaning.
std::optional<std::size_t> normalise_path(char* path, std::size_t size);

}  // namespace ficus::proxy::http
