#include "control/cli/demo/catalog.h"

#include <array>

namespace ficus::control::demo {
namespace {

struct Product {
  std::string_view id;
  std::string_view name;
  std::string_view price;
};

constexpr std::array<Product, 5> kProducts{{{"1", "fig jam", "4.20"},
                                            {"2", "fig tree, young", "39.00"},
                                            {"3", "watering can", "18.50"},
                                            {"4", "secateurs", "24.90"},
                                            {"5", "compost, 20 l", "7.80"}}};

std::string json(std::string_view version, const Product& product) {
  std::string out = R"({"id":)" + std::string(product.id) + R"(,"name":")";
  out.append(product.name).append(R"(","price":)").append(product.price);
  if (version == "new") out += R"(,"currency":"EUR")";
  return out + "}";
}

}  // namespace

ShopAnswer shop_answer(std::string_view version, std::string_view method, std::string_view target,
                       std::uint64_t orders) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/orders") {
    if (method != "POST") return {405, R"({"error":"use POST"})"};
    return {201, R"({"order":)" + std::to_string(orders) + "}"};
  }
  if (method != "GET" && method != "HEAD") return {405, R"({"error":"use GET"})"};
  if (path == "/" || path == "/products") {
    std::string out = R"({"products":[)";
    for (const Product& product : kProducts) {
      if (out.back() == '}') out += ',';
      out += json(version, product);
    }
    return {200, out + "]}"};
  }
  if (path == "/cart") return {200, R"({"items":[],"total":0})"};
  for (const Product& product : kProducts) {
    if (path == "/products/" + std::string(product.id)) return {200, json(version, product)};
  }
  return {404, R"({"error":"no such page"})"};
}

}  // namespace ficus::control::demo
