// Random numbers of the programs that dualframe writes: one stream per object, and Poisson counts
// by inversion.
#ifndef DUALFRAME_RANDOM_STREAMS_H
#define DUALFRAME_RANDOM_STREAMS_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace dualframe {

// splitmix64 (Vigna, public domain): the next of a sequence in which any start is a good one.
inline uint64_t next_splitmix(uint64_t &state)
{
    state += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

// FNV-1a, so that a stream depends on the name of its object and not on those of others.
inline uint64_t hash_of_name(const std::string &name)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t k = 0; k < name.size(); k++)
        hash = (hash ^ static_cast<unsigned char>(name[k])) * 0x100000001b3ULL;
    return hash;
}

// What is rarely called is not worth inlining into the loops over neurons.
#ifdef __GNUC__
#define DUALFRAME_RARELY __attribute__((noinline, cold))
#else
#define DUALFRAME_RARELY
#endif

// xoshiro256+ (Blackman and Vigna, public domain). Only its lowest bits are weak, which a double
// leaves out. Uniform numbers are drawn some ahead, while the state is in registers.
class RandomStream
{
    enum { AHEAD = 128 };
    uint64_t state[4];
    double uniform[AHEAD];
    int used;
    double second_normal;
    bool has_second_normal;

    static uint64_t rotated(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

    DUALFRAME_RARELY void draw_ahead()
    {
        RandomStream local(*this);
        for (int k = 0; k < AHEAD; k++)  // a multiple of 2^-53
            uniform[k] = (local.next() >> 11) * (1.0 / 9007199254740992.0);
        std::memcpy(state, local.state, sizeof(state));
        used = 0;
    }

public:
    explicit RandomStream(uint64_t key = 0) { seed(key); }

    void seed(uint64_t key)
    {
        for (int k = 0; k < 4; k++)
            state[k] = next_splitmix(key);
        has_second_normal = false;
        used = AHEAD;
    }

    void set_state(const uint64_t *words) { std::memcpy(state, words, sizeof(state)); }

    uint64_t next()
    {
        const uint64_t result = state[0] + state[3], shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = rotated(state[3], 45);
        return result;
    }

    // Uniform in [0, 1)
    double rand()
    {
        if (used == AHEAD)
            draw_ahead();
        return uniform[used++];
    }

    // Normal, two at a time (Marsaglia's polar method)
    double randn()
    {
        if (has_second_normal) {
            has_second_normal = false;
            return second_normal;
        }
        double x, y, square;
        do {
            x = 2.0 * rand() - 1.0;
            y = 2.0 * rand() - 1.0;
            square = x * x + y * y;
        } while (square >= 1.0 || square == 0.0);
        const double factor = std::sqrt(-2.0 * std::log(square) / square);
        second_normal = factor * x;
        has_second_normal = true;
        return factor * y;
    }
};

// The streams of an object: one per thread and replica (of a network of several agents).
struct Streams
{
    std::vector<RandomStream> each;  // those of a thread stand together
    size_t replicas;
};

inline std::map<std::string, Streams> &streams_by_name()
{
    static std::map<std::string, Streams> streams;
    return streams;
}

inline RandomStream *streams_of(const char *name, size_t threads, size_t replicas = 1)
{
    Streams &streams = streams_by_name()[name];
    if (streams.each.empty()) {
        streams.each.resize(threads * replicas);
        streams.replicas = replicas;
    }
    return streams.each.data();
}

// A replica draws the same whichever others are in the program, the first of which is given.
inline void seed_streams(uint64_t seed, uint64_t first_replica = 0)
{
    typedef std::map<std::string, Streams>::iterator Iterator;
    for (Iterator object = streams_by_name().begin(); object != streams_by_name().end(); ++object)
        for (size_t k = 0; k < object->second.each.size(); k++) {
            const uint64_t thread = k / object->second.replicas;
            const uint64_t replica = first_replica + k % object->second.replicas;
            uint64_t mixed = seed;
            mixed = next_splitmix(mixed) ^ hash_of_name(object->first);
            mixed = next_splitmix(mixed) + thread + (replica << 32);
            object->second.each[k].seed(next_splitmix(mixed));
        }
}

// The stream of a neuron among those of the replicas, of so many neurons each. Neurons mostly come
// in order, so that the stream is mostly that of the one before.
class StreamOfNeuron
{
    RandomStream *streams, *current;
    int size, first, last;

    void select(int neuron)
    {
        const int replica = neuron < 0 ? 0 : neuron / size;  // below 0: drawn for all neurons
        first = replica * size;
        last = first + size;
        current = streams + replica;
    }

public:
    StreamOfNeuron(RandomStream *of_replicas, int neurons_of_replica)
        : streams(of_replicas), current(of_replicas), size(neurons_of_replica), first(0), last(0)
    {
    }

    RandomStream &of(int neuron)
    {
        if (neuron < first || neuron >= last)
            select(neuron);
        return *current;
    }
};

// Counts of Poisson events from one uniform number u each: the smallest k for which u is below the
// chance of k or fewer events. A mean that has returned often gets a table of these chances, with a
// guide that says where to start; the counts are the same without.
class PoissonCounts
{
    enum { SLOTS = 8, GUIDES = 256, OFTEN = 16 };
    static constexpr double MOST = 128.0;  // exp(-MOST) is far from 0 still

    struct Table
    {
        double mean = -1.0;
        int uses = 0;
        std::vector<double> chances;  // of k or fewer events; the last one is above 1
        int guide[GUIDES];
    };
    Table tables[SLOTS];

    static Table &slot(Table *tables, double mean)
    {
        uint64_t bits;
        std::memcpy(&bits, &mean, 8);
        return tables[(bits * 0x9e3779b97f4a7c15ULL) >> 61];
    }

    // Adds chances until `u` is reached, or until what is left is too small for a double.
    template <class Visit>
    DUALFRAME_RARELY static int invert(double mean, double u, Visit visit)
    {
        double term = std::exp(-mean), chance = term;
        int k = 0;
        while (u >= chance) {
            visit(chance);
            k++;
            term *= mean / k;
            const double more = chance + term;
            if (more == chance && k > mean)
                break;
            chance = more;
        }
        return k;
    }

    DUALFRAME_RARELY static void fill(Table &table)
    {
        table.chances.clear();
        invert(table.mean, 2.0, [&table](double chance) { table.chances.push_back(chance); });
        table.chances.push_back(2.0);
        for (int k = 0, guide = 0; guide < GUIDES; guide++) {
            while (guide >= GUIDES * table.chances[k])
                k++;
            table.guide[guide] = k;
        }
    }

    template <class Uniform>
    int draw_one(double mean, Uniform &uniform)
    {
        const double u = uniform();
        Table &table = slot(tables, mean);
        if (table.mean != mean) {
            table.mean = mean;
            table.uses = 0;
        }
        if (table.uses < OFTEN) {
            if (++table.uses == OFTEN)
                fill(table);
            return invert(mean, u, [](double) {});
        }
        int k = table.guide[static_cast<int>(u * GUIDES)];
        while (u >= table.chances[k])
            k++;
        return k;
    }

public:
    // A large count is the sum of smaller ones.
    template <class Uniform>
    int draw(double mean, Uniform uniform)
    {
        int count = 0;
        for (; mean > MOST; mean -= MOST)
            count += draw_one(MOST, uniform);
        return mean > 0 ? count + draw_one(mean, uniform) : count;
    }
};

}  // namespace dualframe

#endif
