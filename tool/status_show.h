/*
 * status_show: the status for people and for programs.
 */
#ifndef SE_TOOL_STATUS_SHOW_H
#define SE_TOOL_STATUS_SHOW_H

#include "core/buffer.h"

#include "tool/status_rows.h"
#include "tool/screen.h"

/* A table, then a line for each that has something to say, then how many need a person. */
void se_status_show(
	const struct se_status_rows *rows, const struct se_screen *screen, struct se_buffer *out);

/* One JSON object. */
void se_status_show_json(
	const struct se_status_rows *rows, const char *configuration, struct se_buffer *out);

/* Metrics for node_exporter's textfile collector (Prometheus text format 0.0.4). */
void
se_status_show_prometheus(const struct se_status_rows *rows, int64_t now, struct se_buffer *out);

#endif
