#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace ficus::control {

// A document as people write it: 5 and 0.25, where Boost writes 5E0 and 2.5E-1. Doubles keep ten
// digits; those that are no number become null. Of a text that is not UTF-8, what came from
// outside, each byte that fits nowhere becomes U+FFFD: readers refuse the whole document otherwise.
std::string json_text(const boost::json::value& value);

}  // namespace ficus::control
