// exp, expm1, exprel and pow of generated programs, written so that loops around them vectorise.
//
// A function of a library, on vectors or not, may change every register, so that a long state
// update moves its constants to and from the stack around each call; glibc has such functions
// for vectors on x86-64 and g++ only, and the neurons that fill no vector take others, which
// differ in the last bits. Here every neuron takes the same operations, with any compiler.
//
// Argument and result are those of the C library within a few units of the last place (tests
// measure them), except that results below 2.2e-308 are 0, as -ffast-math has it. Products and
// sums that must be rounded as they stand are fused ones: no flag lets a compiler reorder those.
// Without them, or without -ffast-math, the functions are those of the library.
#ifndef DUALFRAME_VECTOR_FUNCTIONS_H
#define DUALFRAME_VECTOR_FUNCTIONS_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#if defined(__FAST_MATH__) && defined(__GNUC__) \
    && (defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMA))
#define DUALFRAME_OWN_FUNCTIONS
#endif

namespace dualframe {

#ifdef DUALFRAME_OWN_FUNCTIONS

#define DUALFRAME_LANE inline __attribute__((always_inline))

const double UNBOUNDED = std::numeric_limits<double>::infinity();
const double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();
const double LEAST = std::numeric_limits<double>::min();
const double WHOLE = 6755399441055744.0;         // 1.5 * 2**52: the low bits of a sum are its integer
const double LN2 = 0.6931471805599453;           // ln(2) rounded, and what is left of it
const double LN2_REST = 2.3190468138462996e-17;
const double LOWEST = -708.3964185322641;        // ln(LEAST), and ln() of the largest double but one
const double HIGHEST = 709.7827128933839;

DUALFRAME_LANE uint64_t bits_of(const double x)
{
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

DUALFRAME_LANE double number_of(const uint64_t bits)
{
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

// One of two numbers, without a branch: g++ does not vectorise a fused operation behind one.
DUALFRAME_LANE double selected(const bool first, const double one, const double other)
{
    const uint64_t mask = -static_cast<uint64_t>(first);
    return number_of((bits_of(one) & mask) | (bits_of(other) & ~mask));
}

// The bits that add the whole number n to the exponent of a double.
DUALFRAME_LANE uint64_t exponent_of(const double n)
{
    return bits_of(n + WHOLE) << 52;
}

// x - n ln(2), exact to the last bit but one (Cody and Waite).
DUALFRAME_LANE double reduced(const double x, const double n)
{
    return __builtin_fma(n, -LN2_REST, __builtin_fma(n, -LN2, x));
}

// exp(r) - 1 for |r| <= ln(2)/2: r + r**2 q(r), the polynomial of least greatest error (4e-18).
DUALFRAME_LANE double expm1_near_zero(const double r)
{
    double q = 2.5000061934331728e-08;
    q = __builtin_fma(q, r, 2.763024837226292e-07);
    q = __builtin_fma(q, r, 2.7557586372783614e-06);
    q = __builtin_fma(q, r, 2.480149309892688e-05);
    q = __builtin_fma(q, r, 0.0001984126950657989);
    q = __builtin_fma(q, r, 0.0013888888943630092);
    q = __builtin_fma(q, r, 0.008333333333494461);
    q = __builtin_fma(q, r, 0.041666666666530155);
    q = __builtin_fma(q, r, 0.16666666666666413);
    q = __builtin_fma(q, r, 0.5000000000000011);
    return __builtin_fma(q * r, r, r);
}

// exp(x + rest), where the rest is small beside x.
DUALFRAME_LANE double exp_of_sum(const double x, const double rest)
{
    const double n = __builtin_rint(x * 1.4426950408889634);
    const double near_one = 1.0 + expm1_near_zero(reduced(x, n) + rest);
    const double power = number_of(bits_of(near_one) + exponent_of(n));
    return selected(x <= HIGHEST, selected(x < LOWEST, 0.0, power), x * UNBOUNDED);
}

DUALFRAME_LANE double _exp(const double x) { return exp_of_sum(x, 0.0); }

DUALFRAME_LANE double _expm1(const double x)
{
    const double n = __builtin_rint(x * 1.4426950408889634);
    const double half = number_of(bits_of(0.5) + exponent_of(n));
    const double less_one = 2.0 * __builtin_fma(half, expm1_near_zero(reduced(x, n)), half - 0.5);
    return selected(x <= HIGHEST, selected(x < -40.0, -1.0, less_one), x * UNBOUNDED);
}

// ln(x) of a positive x, and what is left of it.
DUALFRAME_LANE double log_with_rest(const double x, double &rest)
{
    const uint64_t from_root = bits_of(x) + (bits_of(1.0) - bits_of(0.7071067811865475));
    const uint64_t biased = from_root >> 52;
    const double n = number_of(biased | bits_of(4503599627370496.0)) - (4503599627370496.0 + 1023.0);
    const double f = number_of(bits_of(x) + bits_of(1.0) - (biased << 52)) - 1.0;
    const double s = f / (2.0 + f), z = s * s, square = 0.5 * f * f;
    double p = 0.14796105548090357;  // (ln((1 + s)/(1 - s)) - 2 s)/s**3, with an error of 1e-18
    p = __builtin_fma(p, z, 0.15314035822786892);
    p = __builtin_fma(p, z, 0.1818356486724757);
    p = __builtin_fma(p, z, 0.22222198563472245);
    p = __builtin_fma(p, z, 0.28571428742475036);
    p = __builtin_fma(p, z, 0.3999999999941432);
    p = __builtin_fma(p, z, 0.6666666666666734);
    const double of_mantissa = f - __builtin_fma(-s, __builtin_fma(p, z, square), square);
    const double sum = __builtin_fma(n, LN2, of_mantissa);
    const double lost = __builtin_fma(n, LN2, -sum) + of_mantissa;
    rest = __builtin_fma(n, LN2_REST, lost);
    return sum;
}

DUALFRAME_LANE double power_of(const double x, const double y)
{
    const double size = __builtin_fabs(x);
    double rest;
    const double sum = log_with_rest(size, rest);
    const double finite = selected(size < LEAST, -UNBOUNDED, sum);
    const double logarithm = selected(size < UNBOUNDED, finite, size);
    const double lost = __builtin_fma(y, sum, -(y * sum)) + y * rest;
    const double power = selected(y == 0.0, 1.0, exp_of_sum(y * logarithm, lost));
    const double halved = 0.5 * y;
    const double sign = selected(halved == __builtin_rint(halved), 1.0, -1.0);
    const double whole = selected(y == __builtin_rint(y), sign * power, NOT_A_NUMBER);
    return selected(x < 0.0, whole, power);
}

// What a compiler writes as products and roots, it does.
DUALFRAME_LANE double _pow(const double x, const double y)
{
    if (__builtin_constant_p(y) && 2.0 * y == __builtin_rint(2.0 * y))
        return std::pow(x, y);
    return power_of(x, y);
}

DUALFRAME_LANE double _exprel(const double x)
{
    return selected(std::fabs(x) < 1e-16, 1.0, _expm1(x) / x);
}

DUALFRAME_LANE double _power_of_exp(const double x, const double y) { return _exp(x * y); }

#else

#define DUALFRAME_LANE inline

inline double _exp(const double x) { return std::exp(x); }
inline double _expm1(const double x) { return std::expm1(x); }
inline double _exprel(const double x) { return std::fabs(x) < 1e-16 ? 1.0 : _expm1(x) / x; }
inline double _pow(const double x, const double y) { return std::pow(x, y); }
inline double _power_of_exp(const double x, const double y) { return std::pow(std::exp(x), y); }

#endif

// Single precision and whole numbers.
DUALFRAME_LANE float _exp(const float x) { return std::exp(x); }
template <class X> DUALFRAME_LANE double _exp(const X x) { return _exp(static_cast<double>(x)); }
template <class X> DUALFRAME_LANE auto _expm1(const X x) -> decltype(std::expm1(x))
{
    return std::expm1(x);
}
template <class X, class Y>
DUALFRAME_LANE auto _pow(const X x, const Y y) -> decltype(std::pow(x, y))
{
    return std::pow(x, y);
}

template <class X, class Y>
DUALFRAME_LANE auto _power_of_exp(const X x, const Y y) -> decltype(std::pow(std::exp(x), y))
{
    return std::pow(std::exp(x), y);
}

}  // namespace dualframe

#endif
