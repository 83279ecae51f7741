// Poisson counts of the programs that dualframe writes, by inversion.
#ifndef DUALFRAME_POISSON_COUNTS_H
#define DUALFRAME_POISSON_COUNTS_H

#include <limits>

#include "random_streams.h"

namespace dualframe {

// Counts of Poisson events from one uniform number u each: the smallest k for which u is below the
// chance of k or fewer events. A mean that has returned often gets a table of these chances, with a
// guide that says where to start. The numbers of many neurons of one mean are compared with eight
// chances at a time. The counts are the same by each of these ways.
class PoissonCounts
{
    enum { SLOTS = 8, GUIDES = 256, OFTEN = 16, TOGETHER = 8, BLOCK = 128 };
    static constexpr double MOST = 128.0;  // exp(-MOST) is far from 0 still
    static constexpr double BEYOND = 2e9;  // few counts above are whole numbers of 32 bits
    static constexpr double FEW = 16.0;    // above, a table takes less time than comparisons

    struct Table
    {
        double mean = -1.0;
        int uses = 0;
        std::vector<double> chances;  // of k or fewer events; the last ones are above 1
        int guide[GUIDES];
    };
    Table tables[SLOTS], table_of_all;

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

    DUALFRAME_RARELY static void fill_chances(Table &table)
    {
        table.chances.clear();
        invert(table.mean, 2.0, [&table](double chance) { table.chances.push_back(chance); });
        do
            table.chances.push_back(2.0);
        while (table.chances.size() % TOGETHER);
    }

    DUALFRAME_RARELY static void fill_with_guide(Table &table)
    {
        fill_chances(table);
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
                fill_with_guide(table);
            return invert(mean, u, [](double) {});
        }
        int k = table.guide[static_cast<int>(u * GUIDES)];
        while (u >= table.chances[k])
            k++;
        return k;
    }

    // Of so many uniform numbers; `chances` increase, and are gone through until all are below one.
    static void compare(const double *uniform, const double *chances, double *counts, int neurons)
    {
        double chance[TOGETHER];
        bool any = true;
        for (int k = 0; k < neurons; k++)
            counts[k] = 0.0;
        for (; any; chances += TOGETHER) {
            std::memcpy(chance, chances, sizeof(chance));
            int64_t beyond = 0;
            for (int k = 0; k < neurons; k++) {
                const double u = uniform[k];
                double reached = 0.0;
                for (int j = 0; j < TOGETHER; j++)
                    reached += u >= chance[j] ? 1.0 : 0.0;
                counts[k] += reached;
                beyond += u >= chance[TOGETHER - 1] ? 1 : 0;
            }
            any = beyond > 0;
        }
    }

public:
    // A large count is the sum of smaller ones; that of a mean without bound is the largest one.
    template <class Uniform>
    int draw(double mean, Uniform uniform)
    {
        int count = 0;
        if (mean > BEYOND)
            return std::numeric_limits<int>::max();
        for (; mean > MOST; mean -= MOST)
            count += draw_one(MOST, uniform);
        return mean > 0 ? count + draw_one(mean, uniform) : count;
    }

    // One count for each of many neurons with one mean
    void draw(double mean, RandomStream &stream, double *counts, int neurons)
    {
        if (!(mean > 0 && mean <= FEW) || neurons < TOGETHER) {
            for (int k = 0; k < neurons; k++)
                counts[k] = draw(mean, [&stream] { return stream.rand(); });
            return;
        }
        if (table_of_all.mean != mean) {
            table_of_all.mean = mean;
            fill_chances(table_of_all);
        }
        double uniform[BLOCK];
        for (int first = 0; first < neurons; first += BLOCK) {
            const int count = neurons - first < BLOCK ? neurons - first : BLOCK;
            stream.rand(uniform, count);
            compare(uniform, table_of_all.chances.data(), counts + first, count);
        }
    }
};

}  // namespace dualframe

#endif
