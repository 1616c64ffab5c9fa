{{- define "labels" -}}
{{ include "selector" . }}
app.kubernetes.io/version: {{ .Values.env.CI_COMMIT_TAG | default (splitList "@" .Values.image.tag | first) | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
