{{/* Labels of every object. No helm.sh/chart, so that Helm and kustomize render the same; Helm adds managed-by itself. */}}
{{- define "modelcache.labels" -}}
app.kubernetes.io/name: modelcache
app.kubernetes.io/part-of: modelcache
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* What tells the pods of a role, whose name is the argument. */}}
{{- define "modelcache.selector" -}}
app.kubernetes.io/name: modelcache
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- define "modelcache.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Where nobody is asked: for webhooks and policies alike. */}}
{{- define "modelcache.namespaceSelector" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ append .Values.excludedNamespaces .Release.Namespace | uniq | toJson }}
{{- end }}

{{/* How the API server reaches a path of the webhook: (list $ "/path"). */}}
{{- define "modelcache.clientConfig" -}}
{{- $root := index . 0 -}}
service:
  name: modelcache-webhook
  namespace: {{ $root.Release.Namespace }}
  path: {{ index . 1 }}
  port: 443
{{- with $root.Values.certificates }}
{{- if and (eq .source "files") .caBundle }}
caBundle: {{ .caBundle | b64enc }}
{{- end }}
{{- end }}
{{- end }}

{{/* Metadata of a webhook configuration, whose name is given: (list $ "name"). */}}
{{- define "modelcache.configurationMetadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
labels:
  {{- include "modelcache.labels" $root | nindent 2 }}
{{- if eq $root.Values.certificates.source "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ $root.Release.Namespace }}/modelcache-webhook-tls
{{- end }}
{{- end }}

{{/* What both roles say about their pods, apart from containers: (list $ "role" values-of-the-role). */}}
{{- define "modelcache.podSpec" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $values := index . 2 -}}
serviceAccountName: modelcache-{{ $role }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{- toYaml . | nindent 4 }}
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "modelcache.selector" $role | nindent 8 }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* What both roles say about their container: (list $ values-of-the-role). */}}
{{- define "modelcache.container" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
image: {{ include "modelcache.image" $root | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
env:
  # Of the memory limit: the rest is for what does not count as heap.
  - { name: NODE_OPTIONS, value: --max-old-space-size-percentage=60 --max-semi-space-size=16 }
{{- with $values.extraEnv }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* The PodDisruptionBudget of a role: (list $ "role" values-of-the-role). */}}
{{- define "modelcache.podDisruptionBudget" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $budget := (index . 2).podDisruptionBudget -}}
{{- if $budget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: modelcache-{{ $role }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "modelcache.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
spec:
  maxUnavailable: {{ $budget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "modelcache.selector" $role | nindent 6 }}
{{- end }}
{{- end }}
