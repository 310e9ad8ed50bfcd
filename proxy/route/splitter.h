#pragma once

#include <cstdint>

#include "config/weight.h"
#include "proxy/route/random.h"
#include "proxy/side.h"

namespace ficus::proxy {

// Draws sides at a weight: exact in number, random in place. An accumulator cuts the draws into
// runs that hold exactly one draw of the rarer side, whose place in the run is drawn uniformly. At
// a weight that stays, any 10,000 consecutive draws hold the weight's number of new ones, give or
// take one; over any draws and any changes of weight the count is less than 2 off the sum of the
// weights. The phase of the runs is random for each splitter.
//
// One for each worker and route; worker thread only. Outlives snapshots, so that changing the
// weight often neither favours nor starves a side.
class Splitter {
 public:
  Side draw(config::Weight weight, Random& random);

 private:
  void begin(std::uint32_t share, Random& random);
  void mirror();
  bool draw_rare(std::uint32_t share, Random& random);

  std::uint16_t phase_ = 0;  // how far the run is, in basis points: 0 to 9999
  bool begun_ = false;
  bool drawn_ = false;  // this run has had its rare draw
  Side rare_ = Side::fresh;
};

}  // namespace ficus::proxy
