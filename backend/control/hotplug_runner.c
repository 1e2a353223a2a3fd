/* SPDX-License-Identifier: MIT */
/* hotplug_runner.c - starts hotplug scripts, one process group each, and reports their ends
 *
 * Theory of operation. One thread and one sd-event loop. A job is a script that
 * runs: its pidfd, the pipe that is its stdout and stderr, and a timer. The pidfd
 * tells that the script has ended. What it wrote until then is read and logged;
 * a daemon that it left behind may keep the pipe, and is not waited for.
 *
 * A script that must end (its time is over, control asks for that, control has
 * gone) gets SIGTERM with its process group, and SIGKILL a second later.
 *
 * When control has gone its scripts are ended rather than left to finish. The
 * next netbackd runs a script that did not come to its end from the start, as it
 * finds VIFs without hotplug-status, and two scripts for one VIF would disturb
 * each other. A lock in the run directory makes the next runner wait until the
 * last script of this one has gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/host/systemd.h"
#include "hotplug_msg.h"
#include "hotplug_output.h"
#include "hotplug_runner.h"
#include "hotplug_script.h"

#define RUNNER_SOCKET 3

/* Between SIGTERM and SIGKILL, and between SIGKILL and giving up on it, in microseconds. */
#define RUNNER_GRACE_US 1000000u

struct runner;

struct runner_job {
	struct runner *runner;
	struct hotplug_request request;	/* .id 0: free */
	pid_t pid;			/* of the script, and of its process group */
	int pidfd, out_fd;
	sd_event_source *ended, *output, *timer;
	enum hotplug_end end;		/* why it was told to end; 0: it was not */
	bool killed;			/* SIGKILL was sent */
	char name[HOTPLUG_DEVICE_MAX];	/* vifD.H, for the log */
	struct hotplug_output output_state;
};

struct runner {
	struct hotplug_runner_conf conf;
	sd_event *event;
	int dir_fd, lock_fd;
	bool ending;			/* control has gone */
	struct log_bucket log;		/* of control's faults */
	struct runner_job job[HOTPLUG_JOBS_MAX];
};

/* --- the output ------------------------------------------------------------- */

/* Returns whether the pipe is still open. */
static bool runner_read_output(struct runner_job *j)
{
	return hotplug_output_read(&j->output_state, j->out_fd, j->name, j->request.script);
}

static int runner_on_output(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct runner_job *j = arg;

	(void)fd;
	(void)events;
	if (!runner_read_output(j))
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

/* --- the end of a script ------------------------------------------------------ */

static void runner_reply(uint32_t id, enum hotplug_end end, uint32_t code)
{
	const struct hotplug_reply r = { .magic = HOTPLUG_MAGIC, .id = id, .end = end, .code = code };

	/* Control that has gone is noticed where we read. */
	if (send(RUNNER_SOCKET, &r, sizeof(r), MSG_NOSIGNAL) < 0)
		log_debug("hotplug runner: cannot answer errno=%d", errno);
}

/* Frees the job, and ends the runner if it was the last one of a control that has gone. */
static void runner_free(struct runner_job *j)
{
	struct runner *r = j->runner;

	hotplug_output_end(&j->output_state, j->name, j->request.script);
	sd_event_source_disable_unref(j->ended);
	sd_event_source_disable_unref(j->output);
	sd_event_source_disable_unref(j->timer);
	if (j->pidfd >= 0)
		close(j->pidfd);
	if (j->out_fd >= 0)
		close(j->out_fd);
	*j = (struct runner_job){ .runner = r, .pidfd = -1, .out_fd = -1 };
	if (!r->ending)
		return;
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
		if (r->job[i].request.id)
			return;
	sd_event_exit(r->event, 0);
}

static int runner_on_ended(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct runner_job *j = arg;
	siginfo_t info = { 0 };

	(void)source;
	(void)events;
	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return 0;
	(void)!runner_read_output(j);
	/* What the script left behind in its group when it had to end, ends as well. */
	if (j->end)
		kill(-j->pid, SIGKILL);
	runner_reply(j->request.id, j->end ? j->end : info.si_code == CLD_EXITED ? HOTPLUG_EXITED : HOTPLUG_KILLED,
		     j->end ? 0 : (uint32_t)info.si_status);
	runner_free(j);
	return 0;
}

/* Signals the script and its group; a script that was just started may have none yet. */
static void runner_signal(const struct runner_job *j, int signo)
{
	if (kill(-j->pid, signo) < 0)
		kill(j->pid, signo);
}

/* Ends the script, first in a way that it can notice. */
static void runner_end_job(struct runner_job *j, enum hotplug_end why)
{
	if (j->end)
		return;
	j->end = why;
	runner_signal(j, SIGTERM);
	sd_event_source_set_time_relative(j->timer, RUNNER_GRACE_US);
	sd_event_source_set_enabled(j->timer, SD_EVENT_ONESHOT);
}

static int runner_on_time(sd_event_source *source, uint64_t now, void *arg)
{
	struct runner_job *j = arg;

	(void)now;
	if (!j->end) {
		runner_end_job(j, HOTPLUG_TIMED_OUT);
	} else if (!j->killed) {
		runner_signal(j, SIGKILL);
		j->killed = true;
		sd_event_source_set_time_relative(source, RUNNER_GRACE_US);
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	} else {
		/* It hangs in the kernel, where no signal reaches it. */
		log_error("hotplug script cannot be killed vif=%s script=%s pid=%d", j->name, j->request.script,
			  (int)j->pid);
		runner_reply(j->request.id, j->end, 0);
		runner_free(j);
	}
	return 0;
}

/* --- the start of a script ------------------------------------------------------ */

/* Makes the job's event sources. Returns 0 or -errno. */
static int runner_watch(struct runner_job *j)
{
	struct runner *r = j->runner;
	int err = sd_event_add_io(r->event, &j->ended, j->pidfd, EPOLLIN, runner_on_ended, j);

	if (err >= 0)
		err = sd_event_add_io(r->event, &j->output, j->out_fd, EPOLLIN, runner_on_output, j);
	if (err >= 0)
		err = sd_event_add_time_relative(r->event, &j->timer, CLOCK_MONOTONIC, r->conf.limit_s * 1000000ull,
						 10000, runner_on_time, j);
	return err < 0 ? err : 0;
}

/* Starts the script of the job. Returns 0 or -errno, and then no script runs. */
static int runner_start_job(struct runner_job *j)
{
	int err = hotplug_script_check(j->runner->dir_fd, j->request.script), out[2];

	if (err)
		return err;
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	j->out_fd = out[0];
	if (fcntl(out[0], F_SETFL, O_NONBLOCK) < 0)
		err = -errno;
	if (!err) {
		j->pid = fork();
		if (j->pid == 0)
			hotplug_script_exec(j->runner->conf.dir, &j->request, out[1]);
		err = j->pid < 0 ? -errno : 0;
	}
	close(out[1]);
	if (err)
		return err;
	j->pidfd = pidfd_open(j->pid, 0);
	err = j->pidfd < 0 ? -errno : runner_watch(j);
	if (err) {
		kill(j->pid, SIGKILL);
		waitpid(j->pid, NULL, 0);
	}
	return err;
}

/* Waits until an earlier runner's scripts have ended, before the first of ours.
 * That runner ends within two seconds of its control. Without the lock the scripts run too. */
static void runner_lock(struct runner *r)
{
	char path[PATH_MAX];

	if (r->lock_fd >= 0)
		return;
	snprintf(path, sizeof(path), "%s/hotplug.lock", r->conf.run_dir);
	r->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->lock_fd < 0 || flock(r->lock_fd, LOCK_EX) < 0)
		log_warn("cannot lock out an earlier hotplug runner file=%s errno=%d", path, errno);
}

static void runner_run(struct runner *r, const struct hotplug_request *q)
{
	struct runner_job *j = NULL;
	int err = -EBUSY;

	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++) {
		const struct hotplug_request *other = &r->job[i].request;

		if (!other->id)
			j = j ? j : &r->job[i];
		else if (other->id == q->id || (other->domid == q->domid && other->devid == q->devid))
			goto refused;	/* one script at a time for a VIF */
	}
	if (!j)
		goto refused;
	runner_lock(r);
	j->request = *q;
	snprintf(j->name, sizeof(j->name), "vif%u.%u", q->domid, q->handle);
	err = runner_start_job(j);
	if (!err)
		return;
	runner_free(j);
refused:
	runner_reply(q->id, HOTPLUG_FAILED, (uint32_t)-err);
}

static void runner_control_gone(struct runner *r)
{
	bool any = false;

	r->ending = true;
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++) {
		if (!r->job[i].request.id)
			continue;
		runner_end_job(&r->job[i], HOTPLUG_STOPPED);
		any = true;
	}
	if (!any)
		sd_event_exit(r->event, 0);
}

static int runner_on_request(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct runner *r = arg;
	struct hotplug_request q;
	ssize_t n = recv(fd, &q, sizeof(q), MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		runner_control_gone(r);
		return 0;
	}
	if (!hotplug_request_check(&q, (size_t)n)) {
		log_error_in(&r->log, "hotplug runner: a request that makes no sense, dropped bytes=%zd", n);
		return 0;
	}
	if (q.kind == HOTPLUG_RUN) {
		runner_run(r, &q);
		return 0;
	}
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
		if (r->job[i].request.id == q.id)
			runner_end_job(&r->job[i], HOTPLUG_STOPPED);
	return 0;
}

/* --- the process ------------------------------------------------------------------- */

/* Keeps the socket and stderr, and no other descriptor. Signals to the service are
 * control's: it goes, and that ends us. */
static int runner_isolate(struct runner *r, int socket_fd)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return -errno;
	if (socket_fd != RUNNER_SOCKET && dup2(socket_fd, RUNNER_SOCKET) < 0)
		return -errno;
	close_range(RUNNER_SOCKET + 1, ~0u, 0);
	fcntl(RUNNER_SOCKET, F_SETFD, FD_CLOEXEC);
	for (unsigned int i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "hotplug-runner");
	r->dir_fd = open(r->conf.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->dir_fd < 0 ? -errno : 0;
}

static _Noreturn void runner_main(const struct hotplug_runner_conf *conf, int socket_fd)
{
	static struct runner r;
	int err;

	r.conf = *conf;
	r.lock_fd = -1;
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
		r.job[i] = (struct runner_job){ .runner = &r, .pidfd = -1, .out_fd = -1 };
	err = runner_isolate(&r, socket_fd);
	log_init(conf->program, conf->level);
	if (!err)
		err = sd_event_new(&r.event);
	if (err >= 0)
		err = sd_event_add_io(r.event, NULL, RUNNER_SOCKET, EPOLLIN, runner_on_request, &r);
	if (err >= 0)
		err = sd_event_loop(r.event);
	if (err < 0)
		log_error("the hotplug runner fails errno=%d", -err);
	_exit(err < 0);
}

/* Returns 0 if the directory is there and only root, or we, can write to it, else -errno. */
static int runner_check_dir(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return hotplug_script_is_ours(&st) ? 0 : -EPERM;
}

int hotplug_runner_start(const struct hotplug_runner_conf *conf)
{
	int ends[2], err = runner_check_dir(conf->dir);
	pid_t pid;

	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		runner_main(conf, ends[1]);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (!err && fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		err = -errno;
	if (err) {
		close(ends[0]);
		return err;
	}
	return ends[0];
}
