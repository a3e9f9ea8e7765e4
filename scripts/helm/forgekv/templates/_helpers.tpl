{{/* Names of at most 63 characters: the limit of labels and DNS. */}}
{{- define "forgekv.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Leaves room for the longest suffix, "-headless", and for "-0" and a hash behind it. */}}
{{- define "forgekv.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 42 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 42 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "forgekv.name" .) | trunc 42 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Never changes in the life of a release. */}}
{{- define "forgekv.selectorLabels" -}}
app.kubernetes.io/name: {{ include "forgekv.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "forgekv.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "forgekv.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/*
Labels and annotations of an object; root is the context. Its own annotations and labels win over
those for all, and are optional.
*/}}
{{- define "forgekv.metadata" -}}
{{- $own := merge (dict) (default (dict) .labels) .root.Values.commonLabels -}}
labels:
  {{- include "forgekv.labels" .root | nindent 2 }}
  {{- with $own }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) (default (dict) .annotations) .root.Values.commonAnnotations }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "forgekv.image" -}}
{{- $name := .Values.image.repository -}}
{{- with .Values.image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "forgekv.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "forgekv.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "forgekv.authSecretName" -}}
{{- default (printf "%s-auth" (include "forgekv.fullname" .)) .Values.auth.existingSecret -}}
{{- end -}}

{{- define "forgekv.authSecretKey" -}}
{{- if .Values.auth.existingSecret }}{{ .Values.auth.existingSecretPasswordKey }}{{ else }}password{{ end -}}
{{- end -}}

{{/* Empty: no users but the default one. */}}
{{- define "forgekv.aclSecretName" -}}
{{- if .Values.acl.existingSecret -}}
{{- .Values.acl.existingSecret -}}
{{- else if .Values.acl.users -}}
{{- printf "%s-acl" (include "forgekv.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "forgekv.aclSecretKey" -}}
{{- if .Values.acl.existingSecret }}{{ .Values.acl.existingSecretKey }}{{ else }}users.acl{{ end -}}
{{- end -}}

{{/* A password that was made up once stays: upgrades read it from the cluster. */}}
{{- define "forgekv.password" -}}
{{- if .Values.auth.password -}}
{{- .Values.auth.password -}}
{{- else -}}
{{- $there := lookup "v1" "Secret" .Release.Namespace (include "forgekv.authSecretName" .) -}}
{{- if $there -}}
{{- index $there.data "password" | b64dec -}}
{{- else -}}
{{- randAlphaNum 32 -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A quantity in MiB; 0 where it is written in another way. */}}
{{- define "forgekv.mebibytes" -}}
{{- $text := toString . -}}
{{- if hasSuffix "Gi" $text -}}
{{- mulf (trimSuffix "Gi" $text) 1024 | int -}}
{{- else if hasSuffix "Mi" $text -}}
{{- trimSuffix "Mi" $text | int -}}
{{- else if hasSuffix "G" $text -}}
{{- mulf (trimSuffix "G" $text) 953 | int -}}
{{- else if hasSuffix "M" $text -}}
{{- mulf (trimSuffix "M" $text) 0.953 | int -}}
{{- else -}}
0
{{- end -}}
{{- end -}}

{{/* Of the container, in MiB; 0: none, or in a form that is not known here. */}}
{{- define "forgekv.memoryLimit" -}}
{{- $limits := default (dict) .Values.resources.limits -}}
{{- include "forgekv.mebibytes" (default "" $limits.memory) -}}
{{- end -}}

{{/*
What the process takes beside the two budgets: 512 MiB for heaps, stores and the log, 64 for each
thread. A pod that is killed for its memory under load is found out too late.
*/}}
{{- define "forgekv.checkMemory" -}}
{{- $budgets := add (int .Values.memory.memtableSizeMb) (int .Values.memory.largeValuesMb) -}}
{{- $threads := mul 64 (add (int .Values.threads.front) (int .Values.threads.shard)) -}}
{{- $needed := add $budgets $threads 512 | int -}}
{{- $limit := include "forgekv.memoryLimit" . | int -}}
{{- if and (gt $limit 0) (lt $limit $needed) -}}
{{- fail (printf "resources.limits.memory is %d MiB, but memory.* and threads.* need %d MiB: raise the limit or lower memory.memtableSizeMb" $limit $needed) -}}
{{- end -}}
{{- end -}}

{{/* Directives that the chart sets itself, or that are secrets, may not be in the text. */}}
{{- define "forgekv.checkConfiguration" -}}
{{- $text := .Values.configuration -}}
{{- if regexMatch "(?mi)^[ \\t]*(requirepass|user|aclfile|http[-_]password)[ \\t]" $text -}}
{{- fail "configuration: passwords and users do not belong here, a ConfigMap is no secret; use auth.* and acl.*" -}}
{{- end -}}
{{- if regexMatch "(?mi)^[ \\t]*(port|bind|dir|http[-_]port|http[-_]bind|tls[-_]port|protected[-_]mode|daemonize)[ \\t]" $text -}}
{{- fail "configuration: port, bind, dir, http-port, http-bind, tls-port, protected-mode and daemonize are set by the chart" -}}
{{- end -}}
{{- if regexMatch "(?mi)^[ \\t]*(front[-_]threads|shard[-_]threads|memtable[-_]size[-_]mb|large[-_]values[-_]max[-_]bytes)[ \\t]" $text -}}
{{- fail "configuration: threads and memory are set by threads.* and memory.*" -}}
{{- end -}}
{{- end -}}
