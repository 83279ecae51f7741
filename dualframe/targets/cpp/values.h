// What a program exported by dualframe adds to Brian2's code: named numbers that are read at
// start (parameters.txt, layout.txt), data files whose length is checked, a results folder, and
// one clear line instead of a crash where a file is missing.
#ifndef DUALFRAME_VALUES_H
#define DUALFRAME_VALUES_H

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <set>
#include <string>
#include <vector>
#include <sys/stat.h>
#ifdef _WIN32
#include <direct.h>
#endif

// What runs once is not worth inlining: that is a good part of the time that compiling takes.
#ifdef __GNUC__
#define DUALFRAME_ONCE inline __attribute__((noinline))
#else
#define DUALFRAME_ONCE inline
#endif

namespace dualframe {

const double MOST_DELAY = 1e6;  // seconds
const double MOST_POTENTIAL = 0.2;  // volt: no reset, threshold or reversal potential lies beyond

DUALFRAME_ONCE void fail(const std::string &message)
{
    std::fprintf(stderr, "error: %s\n", message.c_str());
    std::exit(2);
}

DUALFRAME_ONCE std::string trimmed(const std::string &text)
{
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos)
        return "";
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

DUALFRAME_ONCE std::FILE *opened(const std::string &path)
{
    std::FILE *file = std::fopen(path.c_str(), "rb");
    if (!file)
        fail("cannot read '" + path + "': " + std::strerror(errno)
             + ". Run the program in the folder that holds its data.");
    return file;
}

// The "name = value" lines of one file; '#' starts a comment.
class Values
{
    std::string path;
    std::map<std::string, std::string> entries;
    std::map<std::string, std::string> notes;
    std::set<std::string> used;
    unsigned long crc;  // CRC-32 of the lines so far

    void sum_up(const std::string &line)
    {
        for (size_t k = 0; k < line.size(); k++) {
            crc ^= static_cast<unsigned char>(line[k]);
            for (int bit = 0; bit < 8; bit++)
                crc = crc & 1 ? (crc >> 1) ^ 0xEDB88320UL : crc >> 1;
        }
    }

    void add(const std::string &line)
    {
        const std::string text = trimmed(line.substr(0, line.find('#')));
        if (text.empty())
            return;
        const size_t equal = text.find('=');
        if (equal == std::string::npos)
            fail(path + ": expected 'name = value', found '" + text + "'");
        const std::string name = trimmed(text.substr(0, equal));
        if (name != "checksum")
            sum_up(name + " = " + trimmed(text.substr(equal + 1)) + "\n");
        if (!entries.insert(std::make_pair(name, trimmed(text.substr(equal + 1)))).second)
            fail(path + ": '" + name + "' is given twice");
        const size_t note = line.find('#');
        if (note != std::string::npos)
            notes[name] = trimmed(line.substr(note + 1));
    }

    const std::string &text(const std::string &name)
    {
        const std::map<std::string, std::string>::const_iterator entry = entries.find(name);
        if (entry == entries.end())
            fail(path + " has no value for '" + name + "'");
        used.insert(name);
        return entry->second;
    }

    // Millivolt where volt is meant, by the unit that the line of an exported program states.
    void warn_of_potential(const std::string &name, double value)
    {
        const std::string note = notes.count(name) ? notes[name] : "";
        const bool infinite = value - value != 0;
        if ((note != "parameter, volt" && note != "state variable, volt") || infinite
            || (value >= -MOST_POTENTIAL && value <= MOST_POTENTIAL))
            return;
        std::fprintf(stderr,
                     "warning: %s: '%s' is %g volt, which no membrane has (%g to %g): the unit is "
                     "volt, so that -50 mV is -0.05\n",
                     path.c_str(), name.c_str(), value, -MOST_POTENTIAL, MOST_POTENTIAL);
    }

    void expect(const std::string &name, const char *end, const char *kind)
    {
        if (*end != '\0' || entries[name].empty())
            fail(path + ": '" + name + "' is '" + entries[name] + "', expected " + kind);
    }

public:
    explicit Values(const std::string &file) : path(file), crc(0xFFFFFFFFUL)
    {
        std::FILE *stream = opened(path);
        std::string line;
        for (int c = std::fgetc(stream); c != EOF; c = std::fgetc(stream)) {
            if (c != '\n') {
                line += static_cast<char>(c);
                continue;
            }
            add(line);
            line.clear();
        }
        add(line);
        std::fclose(stream);
    }

    DUALFRAME_ONCE double number(const std::string &name)
    {
        char *end = 0;
        const double value = std::strtod(text(name).c_str(), &end);
        expect(name, end, "a number");
        warn_of_potential(name, value);
        return value;
    }

    DUALFRAME_ONCE long long integer(const std::string &name)
    {
        char *end = 0;
        const long long value = std::strtoll(text(name).c_str(), &end, 10);
        expect(name, end, "a whole number");
        return value;
    }

    // What describes the data is not for editing: a wrong length would end in a crash.
    void check_unchanged()
    {
        if (text("checksum") != std::to_string(crc ^ 0xFFFFFFFFUL))
            fail(path + " is not as it was written: it belongs to the data and is not for editing");
    }

    // As they were read, whatever is done to the file since.
    std::string lines(const std::string &prefix) const
    {
        std::string text;
        for (std::map<std::string, std::string>::const_iterator entry = entries.begin();
             entry != entries.end(); ++entry)
            text += prefix + entry->first + " = " + entry->second + "\n";
        return text;
    }

    // The line of a name that need not be there.
    std::string line(const std::string &name)
    {
        return entries.count(name) ? name + " = " + text(name) + "\n" : "";
    }

    // A misspelt name would otherwise be an edit without effect.
    void check_all_used() const
    {
        for (std::map<std::string, std::string>::const_iterator entry = entries.begin();
             entry != entries.end(); ++entry)
            if (!used.count(entry->first))
                fail(path + ": this program has no '" + entry->first + "'");
    }
};

DUALFRAME_ONCE Values &parameters()
{
    static Values values("parameters.txt");
    return values;
}

DUALFRAME_ONCE Values &layout()
{
    static Values values("layout.txt");
    static const bool unchanged = (values.check_unchanged(), true);
    (void)unchanged;
    return values;
}

DUALFRAME_ONCE double parameter(const char *name) { return parameters().number(name); }

DUALFRAME_ONCE double delay(const char *name)
{
    const double value = parameter(name);
    if (!(value >= 0 && value < MOST_DELAY))
        fail(std::string("parameters.txt: '") + name + "' is not a delay in seconds, 0 or more");
    return value;
}

DUALFRAME_ONCE double duration(const char *name)
{
    const double value = parameter(name);
    if (!(value >= 0 && value < 1e12))
        fail(std::string("parameters.txt: '") + name + "' is not a time in seconds, 0 or more");
    return value;
}

DUALFRAME_ONCE double internal(const char *name) { return layout().number(name); }

DUALFRAME_ONCE long long seed(const char *name)
{
    const long long value = parameters().integer(name);
    if (value < 0)
        fail(std::string("parameters.txt: '") + name + "' is " + std::to_string(value)
             + ", expected a whole number, 0 or more");
    return value;
}

DUALFRAME_ONCE int length(const char *name)
{
    const long long value = layout().integer(name);
    if (value < 0 || value > 2147483647LL)
        fail(std::string("layout.txt: '") + name + "' is not a length");
    return static_cast<int>(value);
}

DUALFRAME_ONCE void read_bytes(const char *name, void *data, size_t count, size_t size)
{
    const std::string path = name;
    std::FILE *file = opened(path);
    std::fseek(file, 0, SEEK_END);
    const long found = std::ftell(file);
    if (found < 0 || static_cast<size_t>(found) != count * size)
        fail("'" + path + "' has " + std::to_string(found) + " bytes, expected "
             + std::to_string(count * size) + " (" + std::to_string(count) + " numbers of "
             + std::to_string(size) + " bytes)");
    std::rewind(file);
    if (std::fread(data, size, count, file) != count)
        fail("cannot read '" + path + "'");
    std::fclose(file);
}

template <class T>
void read_array(const char *path, T *data, size_t count)
{
    read_bytes(path, data, count, sizeof(T));
}

DUALFRAME_ONCE void refuse_number(
    const char *path, size_t place, double found, const std::string &expected)
{
    char number[32];
    std::snprintf(number, sizeof(number), "%.17g", found);
    fail("'" + std::string(path) + "' holds " + number + " as its number " + std::to_string(place)
         + " (the first is 0), expected " + expected);
}

// Numbers of neurons: any other would be written beyond the end of an array.
template <class T>
void read_indices(const char *path, T *data, size_t count, long long members)
{
    read_bytes(path, data, count, sizeof(T));
    for (size_t k = 0; k < count; k++)
        if (!(data[k] >= 0 && data[k] < members))
            refuse_number(path, k, data[k], "0 to " + std::to_string(members - 1));
}

// Numbers of the time steps of spikes, in their order: a source has at most one in each.
template <class T>
void read_steps(const char *path, T *data, size_t count, size_t sources)
{
    read_bytes(path, data, count, sizeof(T));
    for (size_t k = 0; k < count; k++) {
        if (!(data[k] >= (k ? data[k - 1] : 0)))
            refuse_number(path, k, data[k], "no less than the one before it, and than 0");
        if (k >= sources && data[k] == data[k - sources])
            refuse_number(path, k, data[k], "a step with at most one spike of each source");
    }
}

// Seconds that a spike needs.
template <class T>
void read_delays(const char *path, T *data, size_t count)
{
    read_bytes(path, data, count, sizeof(T));
    for (size_t k = 0; k < count; k++)
        if (!(data[k] >= 0 && data[k] < MOST_DELAY))
            refuse_number(path, k, data[k], "a delay in seconds, 0 or more");
}

DUALFRAME_ONCE void stop_without_memory()
{
    fail("not enough memory for a network of this size, with these delays");
}

class Output
{
    std::string path;
    std::FILE *file;

    void check(bool good)
    {
        if (!good)
            fail("cannot write '" + path + "': " + std::strerror(errno));
    }

public:
    DUALFRAME_ONCE Output(const std::string &folder, const char *name) : path(folder + name)
    {
        file = std::fopen(path.c_str(), "wb");
        check(file != 0);
    }

    DUALFRAME_ONCE void write(const void *data, size_t count, size_t size)
    {
        check(count == 0 || std::fwrite(data, size, count, file) == count);
    }

    DUALFRAME_ONCE void close() { check(std::fclose(file) == 0); }
};

DUALFRAME_ONCE void write_bytes(
    const std::string &folder, const char *name, const void *data, size_t count, size_t size)
{
    Output output(folder, name);
    output.write(data, count, size);
    output.close();
}

template <class T>
void write_array(const std::string &folder, const char *name, const T *data, size_t count)
{
    write_bytes(folder, name, data, count, sizeof(T));
}

template <class T>
void write_vector(const std::string &folder, const char *name, const std::vector<T> &data)
{
    write_bytes(folder, name, data.data(), data.size(), sizeof(T));
}

template <class Rows>
void write_rows(const std::string &folder, const char *name, Rows &rows)
{
    Output output(folder, name);
    for (int row = 0; row < rows.n; row++)
        output.write(rows(row).data(), rows(row).size(), sizeof(rows(row)[0]));
    output.close();
}

// One record of 12 bytes for each spike: the neuron, then the time in seconds.
template <class Index, class Time>
void write_spikes(const std::string &folder, const char *name, const std::vector<Index> &neuron,
                  const std::vector<Time> &time)
{
    Output output(folder, name);
    for (size_t k = 0; k < neuron.size(); k++) {
        output.write(&neuron[k], 1, sizeof(Index));
        output.write(&time[k], 1, sizeof(Time));
    }
    output.close();
}

DUALFRAME_ONCE void make_folder(const std::string &path)
{
    for (size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
#ifdef _WIN32
        _mkdir(part.c_str());
#else
        mkdir(part.c_str(), 0777);
#endif
    }
}

// Fails now rather than after a long run if the results could not be written.
DUALFRAME_ONCE void check_folder(const std::string &folder)
{
    const std::string probe = folder + "last_run_info.txt";
    std::FILE *file = std::fopen(probe.c_str(), "wb");
    if (!file)
        fail("cannot write into the results folder '" + folder + "': " + std::strerror(errno));
    std::fclose(file);
    std::remove(probe.c_str());
}

DUALFRAME_ONCE std::string results_folder(int argc, char **argv)
{
    std::string folder = "results/";
    std::set_new_handler(stop_without_memory);
    for (int k = 1; k < argc; k++) {
        const std::string option = argv[k];
        if (option == "--help" || option == "-h") {
            std::printf("usage: %s [--results_dir DIR]\n", argv[0]);
            std::exit(0);
        } else if (option == "--results_dir") {
            if (++k == argc)
                fail("--results_dir needs a folder");
            folder = std::string(argv[k]) + "/";
        } else {
            fail("unknown argument '" + option + "'. Known: --results_dir DIR, --help; "
                 "numbers are read from parameters.txt");
        }
    }
    make_folder(folder);
    check_folder(folder);
    parameters().check_all_used();
    return folder;
}

// Brian2 before 2.6 loses everything at an interrupt: end after the current step instead.
inline volatile std::sig_atomic_t &stopped()
{
    static volatile std::sig_atomic_t flag = 0;
    return flag;
}

inline void stop(int signal_number)
{
    if (stopped()) {
        std::signal(signal_number, SIG_DFL);
        std::raise(signal_number);
    }
    stopped() = 1;
}

}  // namespace dualframe

#endif
