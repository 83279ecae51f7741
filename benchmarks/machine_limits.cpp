// Limits of this machine, one core: bandwidth of a sweep, exp, arithmetic, random reading and adding.
// Prints "name value" lines: GB/s or nanoseconds. The best of several sweeps, in CPU time.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

static double now() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

template <class F>
static double best_time(int repeats, F body) {
    double best = 1e9;
    for (int k = 0; k < repeats; k++) {
        const double start = now();
        body();
        best = std::min(best, now() - start);
    }
    return best;
}

static volatile double sink;

static double bandwidth(size_t bytes) {  // GB/s of reading and writing back in place
    std::vector<double> a(bytes / 8, 1.0);
    const int sweeps = std::max<size_t>(1, (64u << 20) / bytes);
    const double seconds = best_time(7, [&] {
        for (int s = 0; s < sweeps; s++) {
            double* x = a.data();
            for (size_t i = 0; i < a.size(); i++) x[i] = 0.999 * x[i] + 0.001;
            asm volatile("" : : "r"(x) : "memory");
        }
    });
    sink = a[0];
    return 2e-9 * bytes * sweeps / seconds;
}

__attribute__((optimize("no-tree-vectorize"))) static void exp_scalar(double* x, int n) {
    for (int i = 0; i < n; i++) x[i] = std::exp(-x[i]);
}

static void exp_vector(double* x, int n) {
    for (int i = 0; i < n; i++) x[i] = std::exp(-x[i]);
}

static void arithmetic(double* x, int n) {  // 16 operations
    for (int i = 0; i < n; i++) {
        double v = x[i];
        for (int k = 0; k < 8; k++) v = 0.9 * v + 0.1;
        x[i] = v;
    }
}

template <class F>
static double each(F function) {  // ns per element of an array that fits the first cache
    std::vector<double> a(2048, 0.5);
    const double seconds = best_time(9, [&] {
        for (int s = 0; s < 500; s++) function(a.data(), 2048);
    });
    sink = a[0];
    return 1e9 * seconds / (500.0 * 2048);
}

static double scatter(size_t bytes) {  // ns of adding a weight to a random neuron, indices in order
    const size_t n = 1 << 21;
    std::vector<double> target(bytes / 8, 0.0), weight(n, 0.5);
    std::vector<int32_t> index(n);
    uint64_t state = 88172645463325252ull;
    for (auto& i : index) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        i = state % target.size();
    }
    const double seconds = best_time(5, [&] {
        for (size_t k = 0; k < n; k++) target[index[k]] += weight[k];
    });
    sink = target[0];
    return 1e9 * seconds / n;
}

int main() {
    printf("L2_GBps %.4g\n", bandwidth(size_t(384) << 10));
    printf("L3_GBps %.4g\n", bandwidth(size_t(8) << 20));
    printf("memory_GBps %.4g\n", bandwidth(size_t(512) << 20));
    printf("exp_scalar_ns %.4g\n", each(exp_scalar));
    printf("exp_vector_ns %.4g\n", each(exp_vector));
    printf("operation_ns %.4g\n", each(arithmetic) / 16);
    printf("add_L1_ns %.4g\n", scatter(size_t(16) << 10));
    printf("add_L2_ns %.4g\n", scatter(size_t(512) << 10));
    printf("add_L3_ns %.4g\n", scatter(size_t(8) << 20));
    printf("add_memory_ns %.4g\n", scatter(size_t(256) << 20));
}
