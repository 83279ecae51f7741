// Random numbers of the programs that dualframe writes: one stream per object, thread and replica.
// `RandomStream` draws, `seed_streams` gives each its seed, `NumbersOfNeurons` holds what a loop
// over neurons will read.
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

// What is rarely called is not worth inlining into the loops over neurons. A rare function is made
// small, without vectors.
#ifdef __GNUC__
#define DUALFRAME_RARELY __attribute__((noinline, cold))
#define DUALFRAME_NOT_INLINED __attribute__((noinline))
#else
#define DUALFRAME_RARELY
#define DUALFRAME_NOT_INLINED
#endif

// xoshiro256+ (Blackman and Vigna, public domain), eight generators side by side: each is a lane of
// the vectors and gives every eighth number. The lanes start at states that splitmix64 gives one
// after the other, as its authors advise. Only the lowest bits of a word are weak, which a double
// leaves out. Uniform numbers are drawn some ahead, while the state is in registers. (g++ and clang
// have such vectors on every processor; the numbers are the same on all.)
class RandomStream
{
    enum { LANES = 8, AHEAD = 128, PAIRS = AHEAD / 2 };
    typedef uint64_t Words __attribute__((vector_size(8 * LANES)));
    typedef double Doubles __attribute__((vector_size(8 * LANES)));

    uint64_t state[4][LANES];
    double uniform[AHEAD];
    int used;
    double normal[AHEAD];
    int normals_left;

    DUALFRAME_RARELY void draw_ahead()
    {
        Words s[4];
        std::memcpy(s, state, sizeof(state));
        for (int k = 0; k < AHEAD; k += LANES) {
            // 52 bits behind the sign and exponent of 1 are a double from 1 to 2
            const Words bits_from_1 = ((s[0] + s[3]) >> 12) | 0x3ff0000000000000ULL;
            const Doubles from_0 = (Doubles)bits_from_1 - 1.0;
            std::memcpy(uniform + k, &from_0, sizeof(from_0));
            const Words shifted = s[1] << 17;
            s[2] ^= s[0];
            s[3] ^= s[1];
            s[1] ^= s[2];
            s[0] ^= s[3];
            s[2] ^= shifted;
            s[3] = (s[3] << 45) | (s[3] >> 19);
        }
        std::memcpy(state, s, sizeof(state));
        used = 0;
    }

    // Marsaglia's polar method: a pair inside the unit circle gives two normal numbers.
    DUALFRAME_NOT_INLINED void draw_normals_ahead()
    {
        double x[PAIRS], y[PAIRS], square[PAIRS];
        int inside = 0;
        rand(x, PAIRS);
        rand(y, PAIRS);
        for (int k = 0; k < PAIRS; k++) {
            x[inside] = 2.0 * x[k] - 1.0;
            y[inside] = 2.0 * y[k] - 1.0;
            square[inside] = x[inside] * x[inside] + y[inside] * y[inside];
            inside += square[inside] < 1.0 && square[inside] > 0.0 ? 1 : 0;
        }
        for (int k = 0; k < inside; k++) {
            const double factor = std::sqrt(-2.0 * std::log(square[k]) / square[k]);
            normal[k] = factor * x[k];
            normal[inside + k] = factor * y[k];
        }
        normals_left = 2 * inside;
    }

public:
    explicit RandomStream(uint64_t key = 0) { seed(key); }

    void seed(uint64_t key)
    {
        for (int lane = 0; lane < LANES; lane++)
            for (int word = 0; word < 4; word++)
                state[word][lane] = next_splitmix(key);
        used = AHEAD;
        normals_left = 0;
    }

    void set_state(int lane, const uint64_t *words)
    {
        for (int word = 0; word < 4; word++)
            state[word][lane] = words[word];
    }

    // Uniform in [0, 1)
    double rand()
    {
        if (used == AHEAD)
            draw_ahead();
        return uniform[used++];
    }

    double randn()
    {
        while (normals_left == 0)
            draw_normals_ahead();
        return normal[--normals_left];
    }

    // As many as that many calls of `rand` give
    void rand(double *values, int count)
    {
        while (count > 0) {
            if (used == AHEAD)
                draw_ahead();
            const int n = count < AHEAD - used ? count : AHEAD - used;
            std::memcpy(values, uniform + used, n * sizeof(double));
            used += n;
            values += n;
            count -= n;
        }
    }

    void randn(double *values, int count)
    {
        for (int k = 0; k < count; k++)
            values[k] = randn();
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

// Numbers that a loop over neurons reads, one for each: each replica's from its own stream.
class NumbersOfNeurons
{
    std::vector<double> numbers;

public:
    // `draw(stream, values, count)` draws for the neurons of one replica.
    template <class Draw>
    const double *drawn(RandomStream *streams, size_t replicas, size_t neurons, Draw draw)
    {
        const size_t size = neurons / replicas;
        numbers.resize(neurons);
        for (size_t replica = 0; replica < replicas; replica++)
            draw(streams[replica], numbers.data() + replica * size, static_cast<int>(size));
        return numbers.data();
    }
};

}  // namespace dualframe

#endif
