#include "config/suggestion.h"

#include "tests/support/catch.h"

using namespace ficus::config;

TEST_CASE("counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("weight", "weight") == 0);
  CHECK(edit_distance("weigt", "weight") == 1);
  CHECK(edit_distance("weihgt", "weight") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "xyz") == 3);
}

TEST_CASE("suggests the nearest name, and none when all are far") {
  CHECK(did_you_mean("wieght", {"name", "weight", "writes"}) == "; did you mean `weight`?");
  CHECK(did_you_mean("zzzzzz", {"name", "weight", "writes"}).empty());
  CHECK(did_you_mean("", {"a"}).empty());
  CHECK(did_you_mean(std::string(1000, 'a'), {"a"}).empty());
}
